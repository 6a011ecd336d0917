// Payment card numbers: 13 to 19 digits of an issuer's range. In groups one counts whatever its check digit says; in one run it
// needs the right check digit, and where its length is no usual one of the issuer a word that names it.
import type { Detector, Found } from '../masking/detector.ts';
import { digitsOf, isMonotone, isSaidNear, passesLuhn, shapeAt, standsAlone } from '../masking/surroundings.ts';

const GROUPED = /^(?:\d{4}([ -])\d{4}\1\d{4}\1\d{4}(?:\1\d{1,3})?|\d{4}([ -])\d{6}\2\d{4,5}|\d{4}([ -])\d{4}\3\d{4}\3\d{1,3})/;
const RUN = /^\d{13,19}/;
const NAMES = /card|cart[aã]o|tarjeta|carte|karte|kredit|\bcc\b|\bpan\b|visa|master|amex|diners|discover|jcb|cr[eé]dito/i;

/** An issuer's range: how its numbers begin, and their lengths, the usual ones first. */
interface Range {
  readonly prefix: RegExp;
  readonly usual: readonly number[];
  readonly others: readonly number[];
}

/** ISO/IEC 7812 issuer identification numbers in use. */
const RANGES: readonly Range[] = [
  { prefix: /^4/, usual: [16], others: [13, 19] },
  { prefix: /^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, usual: [16], others: [] },
  { prefix: /^3[47]/, usual: [15], others: [] },
  { prefix: /^(?:30[0-5]|3095|36|3[89])/, usual: [14], others: [16, 17, 18, 19] },
  { prefix: /^(?:6011|64[4-9]|65)/, usual: [16], others: [17, 18, 19] },
  { prefix: /^(?:352[89]|35[3-8])/, usual: [16], others: [17, 18, 19] },
  { prefix: /^(?:62|81)/, usual: [16], others: [17, 18, 19] },
  { prefix: /^(?:50|5[6-9]|60|63|67|220[0-4])/, usual: [], others: [13, 14, 15, 16, 17, 18, 19] },
];

/** What the numbers of all ranges begin with. */
const FIRST = /[2-68]/;

/** Finds card numbers. */
export const creditCard: Detector = {
  name: 'credit-card',
  kind: 'credit_card',
  word: 'CC',
  anchors: [],
  digits: 13,
  firstGroups: [4, 13, 14, 15, 16, 17, 18, 19],
  reach: { before: 96, after: 28 },
  find: numberAt,
  examples: {
    yes: [
      'card 4111 1111 1111 1111',
      '4111-1111-1111-1112',
      '4111111111111111',
      '"cc":"378282246310005"',
      'my card is 30569309025904',
      'cartão 6304000000000000',
      'amex 3782 822463 10005',
    ],
    no: [
      '4111111111111112',
      '1111 1111 1111 1111',
      '9007199254740991',
      'x4111111111111111',
      '0.4111111111111111',
      '6304000000000000',
      '1741944413589000',
      '4444 4444 4444 4444',
    ],
  },
};

function numberAt(text: string, at: number): Found | undefined {
  if (!FIRST.test(text[at]!)) return undefined;
  const groups = shapeAt(text, at, GROUPED);
  const match = groups ?? shapeAt(text, at, RUN);
  if (match === undefined) return undefined;
  const end = at + match.length;
  if (!standsAlone(text, at, end)) return undefined;
  const digits = digitsOf(match);
  if (isMonotone(digits)) return undefined;
  const ranges = RANGES.filter((range) => range.prefix.test(digits));
  const isUsual = ranges.some((range) => range.usual.includes(digits.length));
  const isRare = ranges.some((range) => range.others.includes(digits.length));
  if (!isUsual && !isRare) return undefined;
  if (groups !== undefined ? !isUsual && !passesLuhn(digits) : !passesLuhn(digits)) return undefined;
  return isUsual || isSaidNear(text, at, end, NAMES) ? { start: at, end, keepPrefix: 0 } : undefined;
}
