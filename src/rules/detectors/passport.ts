// Passport numbers: a letter or two and digits, or digits alone, where a word says what they are. The Korean form with a letter in its
// middle is like nothing else and needs none.
import { ALNUM, isIn, LETTER, UPPER } from '../masking/characters.ts';
import type { Detector, Found } from '../masking/detector.ts';
import { isSaidBefore, shapeAt } from '../masking/surroundings.ts';

const SHAPE = /^(?:[A-Z]{0,3}\d{6,9}[A-Z]?|[A-Z]\d{2}[A-Z]{2}\d{4,5}|[A-Z]\d{3}[A-Z]\d{4})(?![A-Za-z\d_])/;
const KOREAN = /^[MSRGDT]\d{3}[A-Z]\d{4}$/;
const NAMES =
  /passport|passaporte|pasaporte|passeport|reisepass|passnummer|pass[- ]?nr|paspoort|passaporto|paszport|pasaport|паспорт|여권|護照|护照|パスポート|旅券/i;

/** Finds passport numbers. */
export const passport: Detector = {
  name: 'passport',
  kind: 'passport',
  word: 'PASSPORT',
  anchors: [],
  digits: 3,
  reach: { before: 96, after: 16 },
  digitGlance: (bytes, at, end, count) => count >= 6 || (isIn(bytes[at - 1]!, UPPER) && isIn(bytes[end]!, UPPER)),
  find: numberAt,
  examples: {
    yes: [
      'passport no. C1234567 was lost',
      'passport_no="518204763"',
      'My passport is CD7418529',
      'M274B9183',
      'Reisepass: F1234567',
      '여권 S41739265',
    ],
    no: ['CD7418529', 'passport.js 0.7.0', 'passport 12', 'passport xCD7418529', 'passport CD7418529x'],
  },
};

function numberAt(text: string, at: number): Found | undefined {
  let start = at;
  while (start > at - 4 && isIn(text.charCodeAt(start - 1), LETTER)) start--;
  if (isIn(text.charCodeAt(start - 1), ALNUM) || text[start - 1] === '_') return undefined;
  const match = shapeAt(text, start, SHAPE, 16);
  if (match === undefined || !(KOREAN.test(match) || isSaidBefore(text, start, NAMES))) return undefined;
  return { start, end: start + match.length, keepPrefix: 0 };
}
