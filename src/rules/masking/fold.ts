// Characters that look like ASCII or like nothing, and are read as what they look like: full-width forms, other digits, odd spaces
// and hyphens, zero-width characters. It must not know what is looked for in the text.
import type { View } from './unescape.ts';

const DROPPED = -1;
const BLANK = 0x20;
const HYPHEN = 0x2d;
const ZERO = 0x30;
/** Where the ten digits of other scripts begin: Arabic, Persian, Devanagari, Bengali, Thai. */
const DIGITS = [0x660, 0x6f0, 0x966, 0x9e6, 0xe50];
const TABLE = new Map<number, number>();

for (const code of [0xad, 0x34f, 0x61c, 0x180e, 0x200b, 0x200c, 0x200d, 0x200e, 0x200f, 0x2060, 0x2061, 0x2062, 0x2063, 0x2064, 0xfeff])
  TABLE.set(code, DROPPED);
for (const code of [0xa0, 0x1680, 0x202f, 0x205f, 0x3000]) TABLE.set(code, BLANK);
for (let code = 0x2000; code <= 0x200a; code++) TABLE.set(code, BLANK);
for (const code of [0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2015, 0x2043, 0x2212, 0xfe58, 0xfe63]) TABLE.set(code, HYPHEN);
for (let code = 0xff01; code <= 0xff5e; code++) TABLE.set(code, code - 0xfee0);
for (const first of DIGITS) for (let digit = 0; digit < 10; digit++) TABLE.set(first + digit, ZERO + digit);

/** Whether a code unit is read as another one that letters and digits of values are, or not at all; odd spaces and dashes of prose are not meant. */
export function disguises(code: number): boolean {
  const as = TABLE.get(code);
  return as === DROPPED || (as !== undefined && as > HYPHEN) || code === 0x2010 || code === 0x2011 || code === 0xff0d;
}

function readAs(code: number): number | undefined {
  return code < 0x80 ? undefined : TABLE.get(code);
}

/** The text with such characters replaced and those of no width left out. The same object where there are none. */
export function foldView(view: View): View {
  const { text, origin } = view;
  let first = 0;
  while (first < text.length && readAs(text.charCodeAt(first)) === undefined) first++;
  if (first === text.length) return view;
  const folded = new Uint32Array(text.length + 1);
  folded.set(origin.subarray(0, first));
  const parts = [text.slice(0, first)];
  let length = first;
  for (let i = first; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const as = readAs(code) ?? code;
    if (as === DROPPED) continue;
    folded[length++] = origin[i]!;
    parts.push(String.fromCharCode(as));
  }
  folded[length] = origin[text.length]!;
  return { text: parts.join(''), origin: folded.subarray(0, length + 1) };
}
