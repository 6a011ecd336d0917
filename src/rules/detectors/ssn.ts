// US social security numbers. Area, group and serial must be ones that are given out; what is not written in three groups needs a word that
// names it, or stands on its own.
import type { Detector, Found } from '../masking/detector.ts';
import { digitsOf, isAll, isMonotone, isSaidBefore, isSaidNear, shapeAt, standsAlone } from '../masking/surroundings.ts';

const SHAPE = /^(?:\d{3}([-. ])\d{2}\1\d{4}|\d{3}-\d{6}|\d{5}-\d{4}|\d{9})/;
const USUAL = /^\d{3}[-. ]\d{2}[-. ]\d{4}$/;
const NAMES = /ssn|social|\btax[_ -]?(?:payer)?[_ -]?id|\bss ?#|ss number/i;
/** Numbers of things that are written the same way. */
const OTHERS = /(?:#|\b(?:order|invoice|ticket|issue|case|ref|part|sku|model|version|serial|isbn|phone|fax)\b)[^\n]{0,16}$/i;
/** Printed on cards in shops and advertisements. */
const KNOWN = new Set(['078051120', '219099999', '123456789']);

/** Finds `ddd-dd-dddd`. */
export const ssn: Detector = {
  name: 'ssn',
  kind: 'ssn',
  word: 'SSN',
  anchors: [],
  digits: 9,
  firstGroups: [3, 5, 9],
  reach: { before: 96, after: 28 },
  find: numberAt,
  examples: {
    yes: ['his SSN is 536-22-8726', '"536-22-8726"', 'ssn: 536228726', 'social security 536 22 8726', '536228726 (ssn)', 'ssn 53622-8726'],
    no: [
      '000-12-3456',
      '666-12-3456',
      '536-00-8726',
      '536-22-0000',
      '912-12-3456',
      'order #536-22-8726',
      'id 536228726',
      '1536-22-8726',
      'ssn 219-09-9999',
      '536-22-87261',
      'ssn 111-11-1111',
    ],
  },
};

function numberAt(text: string, at: number): Found | undefined {
  const match = shapeAt(text, at, SHAPE);
  if (match === undefined) return undefined;
  const end = at + match.length;
  if (!standsAlone(text, at, end) || !isGivenOut(digitsOf(match))) return undefined;
  const isMeant = isSaidNear(text, at, end, NAMES) || (USUAL.test(match) ? !isSaidBefore(text, at, OTHERS, 40) : isAll(text, at, end));
  return isMeant ? { start: at, end, keepPrefix: 0 } : undefined;
}

/** Whether the Social Security Administration gives such numbers out (since 2011: any area but 000, 666 and 9xx). */
export function isGivenOut(digits: string): boolean {
  if (KNOWN.has(digits) || isMonotone(digits) || /^(?:000|666|9)/.test(digits)) return false;
  return digits.slice(3, 5) !== '00' && digits.slice(5) !== '0000';
}
