// Names and paths against patterns with `*`, which stands for any characters, none too. Linear in both.
// It must not know whose names they are.

/** Whether a name matches one of the patterns, in any case, in time that grows with its length and theirs. */
export function compileNames(patterns: readonly string[]): (name: string) => boolean {
  const compiled = patterns.map((pattern) => pattern.toLowerCase().split('*'));
  return (name) => {
    const lower = name.toLowerCase();
    return compiled.some((parts) => matches(parts, lower));
  };
}

/** Whether the text is what the pattern says, to the letter. */
export function matchesPattern(pattern: string, text: string): boolean {
  return matches(pattern.split('*'), text);
}

function matches(parts: readonly string[], name: string): boolean {
  const first = parts[0]!;
  if (parts.length === 1) return name === first;
  const last = parts.at(-1)!;
  if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last)) return false;
  const until = name.length - last.length;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at);
    if (found < 0 || found + part.length > until) return false;
    at = found + part.length;
  }
  return true;
}
