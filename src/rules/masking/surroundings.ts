// What stands round a number in a text: the words before and behind it, and whether it is a number of its own at all.
// Every look is bounded. It must not know any detector.
import { ALNUM, DIGIT, isIn, LETTER, runEnd } from './characters.ts';

/** How far back a word or the heading of a column may stand. */
const BEFORE = 96;
const AFTER = 28;
const HASH = 0x23;

/** What of the shape, which begins with `^`, stands at `at`; looks no further than `within`. */
export function shapeAt(text: string, at: number, shape: RegExp, within = 64): string | undefined {
  return shape.exec(text.slice(at, at + within))?.[0];
}

/** Whether one of the words stands shortly before `start`. `words` has no flags but `i`. */
export function isSaidBefore(text: string, start: number, words: RegExp, within = BEFORE): boolean {
  const from = Math.max(0, start - within);
  return hasLetter(text, from, start) && words.test(text.slice(from, start));
}

/** Numbers in a table have no words between them. */
function hasLetter(text: string, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const code = text.charCodeAt(i);
    if (isIn(code, LETTER) || code >= 0x80 || code === HASH) return true;
  }
  return false;
}

/** Whether one of the words stands shortly before `start` or behind `end`. */
export function isSaidNear(text: string, start: number, end: number, words: RegExp): boolean {
  return isSaidBefore(text, start, words) || words.test(text.slice(end, end + AFTER));
}

/** Whether nothing that numbers and names are made of touches `[start, end)`, so that it is no part of something longer. */
export function standsAlone(text: string, start: number, end: number): boolean {
  return !touches(text, start - 1, start - 2) && !touches(text, end, end + 1);
}

/** A letter, a digit or `_`; or a joining character with a digit behind it. */
function touches(text: string, at: number, beyond: number): boolean {
  const code = text.charCodeAt(at);
  if (isIn(code, ALNUM) || code === 0x5f || code >= 0xc0) return true;
  return (code === 0x2e || code === 0x2d || code === 0x2f) && isIn(text.charCodeAt(beyond), DIGIT);
}

/** Whether the text is nothing but `[start, end)`: a value that was given on its own. */
export function isAll(text: string, start: number, end: number): boolean {
  return start <= 1 && end >= text.length - 1 && text.trim().length === end - start;
}

/** The digits of a text. */
export function digitsOf(text: string): string {
  let out = '';
  for (let from = 0; from < text.length; ) {
    const end = runEnd(text, from, DIGIT);
    if (end > from) out += text.slice(from, end);
    from = end + 1;
  }
  return out;
}

/** Whether all characters are the same: a template, not a number. */
export function isMonotone(digits: string): boolean {
  for (let i = 1; i < digits.length; i++) if (digits.charCodeAt(i) !== digits.charCodeAt(0)) return false;
  return digits !== '';
}

/** Luhn's check (ISO/IEC 7812-1, annex B). */
export function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - 0x30;
    sum += i % 2 === 0 ? digit : digit > 4 ? 2 * digit - 9 : 2 * digit;
  }
  return sum % 10 === 0;
}

/** The sum of characters, each counted from `0` on, times its weight. */
export function weighted(text: string, weights: readonly number[]): number {
  return weights.reduce((sum, weight, i) => sum + weight * (text.charCodeAt(i) - 0x30), 0);
}
