// Reads the text of a .env file: names and values, quoted or not, with comments, `export` and values of several lines. What is no
// assignment is passed over. It must not know which of the values are secret.

/** One assignment. */
export interface EnvEntry {
  readonly name: string;
  readonly value: string;
  /** The value as it stands in the file between its quotes, where escapes make that another text. */
  readonly written: string;
}

const NAME = /[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*[=:][ \t]*/y;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

/** The assignments in order; a name may occur again. Linear. */
export function parseEnvText(text: string): EnvEntry[] {
  const out: EnvEntry[] = [];
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  // Quotes that close nowhere any more: none is looked for twice.
  const open = new Set<string>();
  while (at < text.length) {
    const end = lineEnd(text, at);
    NAME.lastIndex = at;
    const match = NAME.exec(text);
    if (!match || NAME.lastIndex > end) {
      at = end + 1;
      continue;
    }
    const name = match[1]!;
    const from = NAME.lastIndex;
    const quote = text[from] ?? '';
    const isQuoted = from < end && '"\'`'.includes(quote) && !open.has(quote);
    const close = isQuoted ? closing(text, from + 1, quote) : -1;
    if (isQuoted && close < 0) open.add(quote);
    if (close >= 0) {
      const written = text.slice(from + 1, close);
      out.push({ name, value: quote === '"' ? unescaped(written) : written, written });
      at = lineEnd(text, close) + 1;
    } else {
      const value = bare(text.slice(from, end));
      out.push({ name, value, written: value });
      at = end + 1;
    }
  }
  return out;
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

/** Where the quote closes: only double quotes know a backslash. A quote that never does is a character like others. */
function closing(text: string, from: number, quote: string): number {
  for (let i = from; i < text.length; i++) {
    if (quote === '"' && text[i] === '\\') i++;
    else if (text[i] === quote) return i;
  }
  return -1;
}

function unescaped(text: string): string {
  return text.replace(/\\([\s\S])/g, (_all, char: string) => ESCAPES[char] ?? char);
}

/** An unquoted value ends where a comment begins. */
function bare(text: string): string {
  const comment = /(?:^|[ \t])#/.exec(text);
  return (comment ? text.slice(0, comment.index) : text).trim();
}
