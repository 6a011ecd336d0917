// Brazilian CPF numbers, of persons. With its dots and hyphen one counts whatever its check digits say, since a mistyped number is still
// somebody's; without them it needs right check digits and a word that names it.
import type { Detector, Found } from '../masking/detector.ts';
import { digitsOf, isMonotone, isSaidNear, shapeAt, standsAlone, weighted } from '../masking/surroundings.ts';

const SHAPE = /^(?:\d{3}\.\d{3}\.\d{3}[-./ ]\d{2}|\d{3}[ -]\d{3}[ -]\d{3}[ -]\d{2}|\d{9}-?\d{2})/;
const DOTTED = /^\d{3}\.\d{3}\.\d{3}-/;
const NAMES = /cpf|tax[_ -]?(?:payer)?[_ -]?id|document(?:o|_?number|_?id)?\b|contribuinte|pessoa f[ií]sica|titular/i;

/** Finds `ddd.ddd.ddd-dd`. */
export const cpf: Detector = {
  name: 'cpf',
  kind: 'cpf',
  word: 'CPF',
  anchors: [],
  digits: 11,
  firstGroups: [3, 9, 11],
  reach: { before: 96, after: 28 },
  find: numberAt,
  examples: {
    yes: [
      'CPF 529.982.247-25.',
      'cpf: 52998224725',
      "INSERT INTO c (name, documento) VALUES ('Ana', '529.982.247-26');",
      'o CPF informado foi 529 982 247 25',
      '52998224725 (CPF)',
      'taxId=529982247-25',
    ],
    no: [
      '52998224725',
      'cpf: 52998224726',
      'mask("999.999.999-99")',
      '1529.982.247-25',
      '529.982.247-251',
      'v529.982.247-25',
      'cpf 111 444 777 36',
    ],
  },
};

function numberAt(text: string, at: number): Found | undefined {
  const match = shapeAt(text, at, SHAPE);
  if (match === undefined) return undefined;
  const end = at + match.length;
  if (!standsAlone(text, at, end)) return undefined;
  const digits = digitsOf(match);
  if (isMonotone(digits)) return undefined;
  const isMeant = DOTTED.test(match) || (isValidCpf(digits) && isSaidNear(text, at, end, NAMES));
  return isMeant ? { start: at, end, keepPrefix: 0 } : undefined;
}

/** Whether the two last of eleven digits check the others (Receita Federal). */
export function isValidCpf(digits: string): boolean {
  const check = (count: number) => {
    const rest =
      (weighted(
        digits,
        Array.from({ length: count }, (_, i) => count + 1 - i),
      ) *
        10) %
      11;
    return rest === 10 ? 0 : rest;
  };
  return check(9) === Number(digits[9]) && check(10) === Number(digits[10]);
}
