// Values in text that is percent-encoded, queries and form bodies: the encoding is undone for looking, and what was found is given with
// where it stands in the text as it is. It must not know what is done with a finding.
import { type Finding, moved, type Scanner } from './scan.ts';

/** A finding, with offsets of the encoded bytes, and what a stretch of them says. */
export interface EncodedFinding {
  readonly finding: Finding;
  read(start: number, end: number): string;
}

const PERCENT = 0x25;
const PLUS = 0x2b;
const BLANK = 0x20;
/** What every writer of forms encodes: where one of these stands bare, the text comes from somebody who does not write `+` for a blank. */
const BARE = /[^\w%+*.~!'()-]/;

/** What the scanner finds in the decoded bytes, in order, none overlapping. */
export function findEncoded(bytes: Buffer, scanner: Scanner): EncodedFinding[] {
  const found = findIn(bytes, scanner, BLANK);
  if (!bytes.includes(PLUS)) return found;
  // `bob+tag@…` written as it is: the longer reading, so that nothing of the value is left.
  const literal = findIn(bytes, scanner, PLUS).filter(({ finding: { start, end } }) => BARE.test(bytes.toString('latin1', start, end)));
  if (literal.length === 0) return found;
  let last = 0;
  return [...literal, ...found]
    .sort(({ finding: a }, { finding: b }) => a.start - b.start || b.end - a.end)
    .filter(({ finding: { start, end } }) => {
      if (start < last) return false;
      last = end;
      return true;
    });
}

function findIn(bytes: Buffer, scanner: Scanner, plus: number): EncodedFinding[] {
  // Offsets are asked for in ascending order, so the way to them is gone once.
  let from = 0;
  let to = 0;
  const origin = (offset: number): number => {
    for (; to < offset; to++) from += stepAt(bytes, from);
    return from;
  };
  const read = (start: number, end: number): string => decoded(bytes.subarray(start, end), plus).toString();
  return scanner.bytes(decoded(bytes, plus)).map((finding) => ({ finding: moved(finding, origin), read }));
}

function decoded(bytes: Buffer, plus: number): Buffer {
  const out = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  for (let i = 0; i < bytes.length; ) {
    const step = stepAt(bytes, i);
    const byte = bytes[i]!;
    out[length++] = step === 3 ? hexDigit(bytes[i + 1]) * 16 + hexDigit(bytes[i + 2]) : byte === PLUS ? plus : byte;
    i += step;
  }
  return out.subarray(0, length);
}

/** How many bytes one decoded byte takes: a percent sign that begins no escape stands for itself. */
function stepAt(bytes: Buffer, at: number): 1 | 3 {
  return bytes[at] === PERCENT && hexDigit(bytes[at + 1]) >= 0 && hexDigit(bytes[at + 2]) >= 0 ? 3 : 1;
}

function hexDigit(byte: number | undefined): number {
  return byte === undefined ? -1 : '0123456789abcdef'.indexOf(String.fromCharCode(byte).toLowerCase());
}
