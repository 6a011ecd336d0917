// What tests of masking share: made-up values, texts with values among everything that makes escaping hard, and JSON round them.
import fc from 'fast-check';
import { openPlaceholders, type Placeholders } from '../../src/rules/masking/placeholders.ts';

/** A map with a fixed key. */
export function testPlaceholders(maxEntries = 100_000): Placeholders {
  return openPlaceholders({ key: Buffer.alloc(32, 7), maxEntries });
}

const chars = (alphabet: string, length: number) =>
  fc.array(fc.constantFrom(...alphabet), { minLength: length, maxLength: length }).map((list) => list.join(''));
const ALNUM = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

const addresses = fc
  .tuple(fc.constantFrom('bob', 'ana.garcia', 'x+tag', 'joão'), fc.nat(99), fc.constantFrom('example.test', 'mail.example.co.uk'))
  .map(([name, n, host]) => `${name}${n}@${host}`);
const keys = fc.tuple(fc.constantFrom('sk-ant-api03-', 'sk-proj-'), chars(ALNUM, 40)).map(([prefix, rest]) => `${prefix}aB3${rest}`);
const tokens = chars(ALNUM, 33).map((rest) => `ghp_aB3${rest}`);
const pems = fc
  .array(chars(`${ALNUM}+/`, 64), { minLength: 1, maxLength: 3 })
  .map((lines) => `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----`);

/** A made-up value that some detector finds. */
export const values = fc.oneof(addresses, keys, tokens, pems);

const between = fc.oneof(
  fc.string({ maxLength: 6 }),
  fc.string({ unit: 'grapheme', maxLength: 4 }),
  fc.constantFrom(
    '"',
    '\\',
    '\n',
    '\\n',
    '\\"',
    'C:\\new\\',
    '/',
    '\\/',
    'SP_',
    's',
    'sp_email_',
    '@',
    '\\u0040',
    '日本',
    'é',
    '\u2028',
    '{',
    '}',
    ' ',
  ),
);

/** Text with values in it, each between spaces so that it is one. */
export const texts = fc
  .array(fc.oneof({ weight: 3, arbitrary: between }, { weight: 2, arbitrary: values.map((value) => ` ${value} `) }), { maxLength: 8 })
  .map((parts) => parts.join(''));

/** Anything a body can hold, with tool arguments as JSON in a string and JSON in text in JSON. */
export const documents = fc.letrec<{ node: unknown; plain: unknown }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small' },
    texts,
    fc.constantFrom(null, true, -1.5e3, ''),
    fc.array(tie('node'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.constantFrom('text', 'type', 'content', 'é"\\'), values), tie('node'), { maxKeys: 4, noNullPrototype: true }),
    fc.record({ type: fc.constant('function_call'), arguments: tie('plain').map((value) => JSON.stringify({ value })) }),
    tie('plain').map((value) => JSON.stringify({ output: value })),
    tie('plain').map((value) => `said: ${JSON.stringify([JSON.stringify({ value })])}`),
  ),
  plain: fc.oneof(texts, fc.dictionary(fc.constantFrom('cmd', 'path'), texts, { noNullPrototype: true })),
})).node;

/** JSON with escapes where none are needed, as some encoders write it. `odd(n)` says whether the n-th character is escaped. */
export function oddJson(value: unknown, odd: (n: number) => boolean): string {
  let n = 0;
  return JSON.stringify(value).replace(/"(?:[^"\\]|\\.)*"/g, (string) =>
    string.replace(/\\.|[^"\\]/g, (char) => {
      if (char.startsWith('\\')) return char;
      if (char === '/') return odd(n++) ? '\\/' : char;
      return /[A-Za-z0-9@.\-_]/.test(char) && odd(n++) ? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}` : char;
    }),
  );
}

/** A document with the JSON in `arguments` strings parsed too: what the other side understands. */
export function understood(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(understood);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      name === 'arguments' && typeof member === 'string' && /^[{[]/.test(member) ? JSON.parse(member) : understood(member),
    ]),
  );
}

/** The bytes cut at the given places, which are taken modulo the length. */
export function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((from, i) => bytes.subarray(from, [...at, bytes.length][i]));
}
