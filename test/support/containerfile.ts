// A Containerfile as its instructions, and the words of those that are written as JSON. Knows no variables and no escapes but the line's.

/** `[word, the rest]`, comments and line ends taken out. */
export function instructions(text: string): (readonly [word: string, rest: string])[] {
  return text
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1).trim()]);
}

/** The exec form. */
export function words(rest: string): string[] {
  return JSON.parse(rest) as string[];
}
