// Identity, insurance and tax numbers of persons in many countries. Which there are, and what makes one, says national-ids.ts.
// It must not know any of them.
import { ALNUM, isIn, LETTER } from '../masking/characters.ts';
import type { Detector, Found } from '../masking/detector.ts';
import { type NationalId, OF_DIGITS, OF_LETTERS, WOVEN } from '../masking/national-ids.ts';
import { isMonotone, isSaidNear } from '../masking/surroundings.ts';

/** The longest head of letters that a number has. */
const MAX_LETTERS = 6;
/** The longest number, with what stands between its groups. */
const LONGEST = 22;
/** Any word that names a number of the tables. */
const ANY_NAME = new RegExp(
  [...OF_DIGITS, ...OF_LETTERS, ...WOVEN].flatMap(({ names }) => (names === undefined ? [] : [names.source])).join('|'),
  'i',
);

/** Finds the numbers of the table. */
export const nationalId: Detector = {
  name: 'national-id',
  kind: 'national_id',
  word: 'ID',
  anchors: [],
  digits: 6,
  reach: { before: 96, after: 40 },
  find: numberAt,
  examples: {
    yes: [
      'RRN 900101-1234567',
      'nino: AB 12 34 56 C',
      'PESEL 44051401359',
      'NRIC S1234567D',
      'DNI 12345678Z',
      'hetu 131052-308T',
      'X1234567L',
      'EIN 12-3456789',
      '11010519491231002X',
    ],
    no: ['44051401359', 'PESEL 44051401358', 'S1234567E', 'x900101-1234567', '12-3456789', 'DNI 12345678A', 'RFC 7231', 'nino 12 34 56'],
  },
};

function numberAt(text: string, at: number): Found | undefined {
  let start = at;
  while (start > at - MAX_LETTERS && isIn(text.charCodeAt(start - 1), LETTER)) start--;
  // A prefix apart from its digits, as in `AB 12 34 56 C`.
  if (start === at && text[at - 1] === ' ' && /[ :="'(][A-Z]{2} $/.test(` ${text.slice(Math.max(0, at - 4), at)}`.slice(-4)))
    start = at - 3;
  const before = text.charCodeAt(start - 1);
  if (isIn(before, ALNUM) || before === 0x5f || before >= 0xc0) return undefined;
  return idIn(start < at ? OF_LETTERS : OF_DIGITS, text, start);
}

/** The first of the table's numbers that begins at `start`. */
export function idIn(table: readonly NationalId[], text: string, start: number): Found | undefined {
  const ahead = text.slice(start, start + LONGEST);
  // Most numbers have no such word near them, and few countries do without.
  const isNamed = isSaidNear(text, start, start + LONGEST, ANY_NAME);
  for (const { shape, names, check } of table) {
    if (names !== undefined && !isNamed) continue;
    const own = shape.exec(ahead)?.[0];
    if (own === undefined) continue;
    const end = start + own.length;
    const plain = own.replace(/[\W_]/g, '').toUpperCase();
    if (isIn(text.charCodeAt(end), ALNUM) || isMonotone(plain) || check?.(plain) === false) continue;
    if (names === undefined || isSaidNear(text, start, end, names)) return { start, end, keepPrefix: 0 };
  }
  return undefined;
}
