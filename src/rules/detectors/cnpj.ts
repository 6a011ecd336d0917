// Brazilian CNPJ numbers, of companies, with the letters they may have from July 2026 on. Punctuated one counts whatever its check
// digits say; without punctuation it needs right check digits and a word that names it.
import { DIGIT, isIn, UPPER } from '../masking/characters.ts';
import type { Detector, Found } from '../masking/detector.ts';
import { isMonotone, isSaidNear, shapeAt, standsAlone, weighted } from '../masking/surroundings.ts';

const PUNCTUATED = /^[\dA-Z]{2}\.[\dA-Z]{3}\.[\dA-Z]{3}\/[\dA-Z]{4}[-–]\d{2}/;
const DIGITS = /^\d{8}\/?\d{4}-?\d{2}/;
const LETTERED = /^(?=[A-Z]*\d)(?=\d*[A-Z])[\dA-Z]{12}\d{2}/;
const NAMES =
  /cnpj|tax[_ -]?id|company[_ -]?(?:doc|id|number)|document(?:o|_?number)?\b|empresa|raz[aã]o social|pessoa jur[ií]dica|fornecedor/i;
/** Where the slash stands in a punctuated one. */
const SLASH = 10;
const FORWARD_SLASH = 0x2f;
const BACKSLASH = 0x5c;
const FULL_STOP = 0x2e;
const HYPHEN = 0x2d;
const FIRST = [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2];
/** How far behind its name one without punctuation may begin. */
const GAP = 24;

/** Finds `dd.ddd.ddd/dddd-dd`, and the same with letters. */
export const cnpj: Detector = {
  name: 'cnpj',
  kind: 'cnpj',
  word: 'CNPJ',
  anchors: ['/', 'cnpj'],
  anyCase: true,
  digits: 14,
  firstGroups: [8, 14],
  reach: { before: 96, after: 48 },
  beside: { before: /[\dA-Z\\]/, behind: /[\dA-Z]/ },
  glance: (bytes, at) => bytes[at] !== FORWARD_SLASH || isPunctuated(bytes, at),
  find: numberAt,
  examples: {
    yes: [
      'CNPJ 11.222.333/0001-81',
      '{"companyDoc":"12.ABC.345\\/01DE-35"}',
      'cnpj=11222333000181',
      'cnpj: 12ABC34501DE35',
      '11.222.333/0001-82 é o fornecedor',
      'empresa 11222333/0001-81',
    ],
    no: [
      '11222333000181',
      'cnpj: 11222333000182',
      '00.000.000/0000-00',
      'a/b and src/x.y.z/abcd-12',
      'cnpj: 12ABC34501DE36',
      '1.11.222.333/0001-81',
      'cnpj number',
    ],
  },
};

/** Whether dots and hyphen stand where they do in a punctuated one; a slash in JSON may have backslashes before it. */
function isPunctuated(bytes: Uint8Array, at: number): boolean {
  let before = at;
  while (bytes[before - 1] === BACKSLASH && at - before < 8) before--;
  return bytes[at + 5] === HYPHEN && bytes[before - 4] === FULL_STOP && bytes[before - 8] === FULL_STOP;
}

function numberAt(text: string, at: number): Found | undefined {
  if (text[at] === '/') return found(text, at - SLASH, PUNCTUATED, (digits) => !isMonotone(digits));
  if (isIn(text.charCodeAt(at), DIGIT)) return found(text, at, DIGITS, isValidCnpj, true);
  for (let i = at + 'cnpj'.length; i < at + GAP; i++) {
    if (!isIn(text.charCodeAt(i), UPPER | DIGIT)) continue;
    const one = found(text, i, LETTERED, isValidCnpj);
    if (one) return one;
  }
  return undefined;
}

function found(text: string, at: number, shape: RegExp, accepts: (plain: string) => boolean, isNamed = false): Found | undefined {
  const match = at < 0 ? undefined : shapeAt(text, at, shape);
  if (match === undefined) return undefined;
  const end = at + match.length;
  if (!standsAlone(text, at, end) || !accepts(match.replace(/\W/g, ''))) return undefined;
  return !isNamed || isSaidNear(text, at, end, NAMES) ? { start: at, end, keepPrefix: 0 } : undefined;
}

/** Whether the two last of fourteen characters check the others; letters count by their ASCII code (IN RFB 2.229/2024). */
export function isValidCnpj(plain: string): boolean {
  const check = (weights: readonly number[]) => {
    const rest = weighted(plain, weights) % 11;
    return rest < 2 ? 0 : 11 - rest;
  };
  return !isMonotone(plain) && check(FIRST) === Number(plain[12]) && check([6, ...FIRST]) === Number(plain[13]);
}
