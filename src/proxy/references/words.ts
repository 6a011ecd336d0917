// A command line taken apart into words, without a shell: blanks part words, quotes keep them together, and nothing is ever expanded.
// Pure; it must not know what is done with the words.

/**
 * The words of a command; undefined for an open quote, a backslash at the end, or nothing at all. Between '…' everything is itself. Between "…"
 * and outside, a backslash makes the next character itself; `$`, `*`, `|`, `>` and `;` are characters like others.
 */
export function wordsOf(command: string): readonly string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let i = 0; i < command.length; i++) {
    const c = command[i]!;
    if (c === '\\' && quote !== "'") {
      if (++i === command.length) return undefined;
      word = (word ?? '') + command[i]!;
    } else if (quote !== '') {
      if (c === quote) quote = '';
      else word += c;
    } else if (c === '"' || c === "'") {
      quote = c;
      word ??= '';
    } else if (c === ' ' || c === '\t') {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + c;
  }
  if (quote !== '') return undefined;
  if (word !== undefined) words.push(word);
  return words.length === 0 ? undefined : words;
}
