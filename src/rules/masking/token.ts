// The matcher that most secrets need: a known prefix, then a run of one alphabet of a known length. A run is read once however
// many anchors stand in it, because a prefix that follows a character of its own alphabet is no beginning.
import { ALNUM, DIGIT, DOT, isIn, LOWER, runEnd, UPPER, URL_SAFE } from './characters.ts';
import type { Found } from './detector.ts';

const FULL_STOP = 0x2e;
const PERCENT = 0x25;

/** One shape of a token. */
export interface TokenShape {
  /** The anchor it is found by. */
  readonly prefix: string;
  /** Character classes of what follows the prefix. */
  readonly alphabet: number;
  /** Characters after the prefix; `max` undefined: any number. */
  readonly min: number;
  readonly max?: number;
  /** A further condition on what follows the prefix. */
  readonly accepts?: (rest: string) => boolean;
}

/** The `find` of a detector whose values all have one of these shapes. Prefixes stay readable. The first that fits decides: longer ones first. */
export function tokenFinder(shapes: readonly TokenShape[]): (text: string, at: number) => Found | undefined {
  return (text, at) => {
    const shape = shapes.find((one) => text.startsWith(one.prefix, at));
    return shape && tokenAt(text, at, shape);
  };
}

/** The token of this shape whose prefix stands at `at`. */
function tokenAt(text: string, at: number, shape: TokenShape): Found | undefined {
  if (!beginsAt(text, at, shape.alphabet)) return undefined;
  const from = at + shape.prefix.length;
  let end = runEnd(text, from, shape.alphabet);
  // The full stop of a sentence is no part of it.
  while (text.charCodeAt(end - 1) === FULL_STOP && end > from) end--;
  const length = end - from;
  if (length < shape.min || length > (shape.max ?? length) || isIn(text.charCodeAt(end), ALNUM)) return undefined;
  const rest = text.slice(from, end);
  if (isFiller(rest) || shape.accepts?.(rest) === false) return undefined;
  return { start: at, end, keepPrefix: shape.prefix.length };
}

/** Whether a token can begin here: no letter, digit or joining character of its alphabet before it, but in `%3D` and the like. */
export function beginsAt(text: string, at: number, alphabet: number): boolean {
  if (!isIn(text.charCodeAt(at - 1), (alphabet & (URL_SAFE | DOT)) | ALNUM)) return true;
  return text.charCodeAt(at - 3) === PERCENT && /^[0-9A-Fa-f]{2}$/.test(text.slice(at - 2, at));
}

/** What stands in documents where a secret would be: one letter over and over, dots, `your-key-here`. */
export function isFiller(rest: string): boolean {
  const head = rest.slice(0, 64);
  if (/^[xX.*_-]*$/.test(head) || /x{8}|X{8}|\.{3}|\*{3}|abcdefghijklmnopqrst/.test(head)) return true;
  // `FakeFakeFake…`: a few letters over and over.
  if (/^((.)(?!\2).{1,5})\1{2}/.test(head)) return true;
  return /^your[-_]|[-_]here$|placeholder|redacted/i.test(head);
}

/** Whether it has letters and digits, or letters of both cases: what a random text of some length always has. */
export function isMixed(rest: string): boolean {
  let seen = 0;
  for (let i = 0; i < Math.min(rest.length, 64); i++) {
    const code = rest.charCodeAt(i);
    seen |= isIn(code, DIGIT) ? DIGIT : isIn(code, UPPER) ? UPPER : isIn(code, LOWER) ? LOWER : 0;
  }
  return (seen & (seen - 1)) !== 0;
}
