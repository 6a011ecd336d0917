// Opens one level of what a text may hide an order in: base64, hexadecimal digits, per cent signs. Gives only what reads as text, bounded.
// It must not know what an attack says.

const LONGEST = 2000;
const CODE = new Set(Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_-', (c) => c.charCodeAt(0)));
const readable = (bytes: string): string => (/^[\t\n\r -~]{8,}$/.test(bytes) && bytes.includes(' ') ? bytes : '');
const fromBytes = (run: string, encoding: 'hex' | 'base64'): string => Buffer.from(run, encoding).toString('latin1');

const open = (run: string): string => readable(/^[0-9a-fA-F]+$/.test(run) ? fromBytes(run, 'hex') : fromBytes(run, 'base64'));

/** What the runs that hold `starts` say, one line each; an empty text when none says anything. */
export const decodeRuns = (text: string, starts: readonly number[]): string => {
  const said: string[] = [];
  let past = 0;
  for (const start of starts) {
    if (start < past) continue;
    let from = start;
    while (from > past && start - from < LONGEST && CODE.has(text.charCodeAt(from - 1))) from--;
    let to = start;
    while (to - from < LONGEST && CODE.has(text.charCodeAt(to))) to++;
    past = to;
    const line = open(text.slice(from, to));
    if (line !== '') said.push(line);
  }
  return said.join('\n');
};

/** The text with its per cent signs undone, if it has spaces written so; else an empty text. */
export const decodePercent = (text: string): string =>
  text.split('%20', 3).length < 3
    ? ''
    : text.replace(/%([2-7][0-9a-fA-F])/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
