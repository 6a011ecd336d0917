// What the identity numbers of countries look like, by country: shape, check digits, and the words that name them. Those whose check is
// strong, or whose shape is like nothing else, need no word. A table; the looking is done in detectors/national-id.ts.
import { passesLuhn, weighted } from './surroundings.ts';

/** One country's number. */
export interface NationalId {
  /** Begins with `^`. */
  readonly shape: RegExp;
  /** Words that name it; undefined: none is needed. */
  readonly names: RegExp | undefined;
  /** Whether letters and digits, without what stands between them and in capitals, are sound; undefined: there is no check. */
  readonly check?: (plain: string) => boolean;
}

const LETTERS_23 = 'TRWAGMYFPDXBNJZSQVHLCKE';
const HETU = '0123456789ABCDEFHJKLMNPRSTUVWXY';
const NRIC: Readonly<Record<string, string>> = { S: 'JZIHGFEDCBA', T: 'GFEDCBAJZIH', F: 'XWUTRQPNMLK', G: 'RTUWXKLMNPQ', M: 'XWUTRQPNJLK' };
const FISCAL_ODD = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

const rest = (plain: string, weights: readonly number[], by: number) => weighted(plain, weights) % by;
const last = (plain: string) => Number(plain.at(-1));

function isFiscalCode(plain: string): boolean {
  let sum = 0;
  for (let i = 0; i < 15; i++) {
    const code = plain.charCodeAt(i);
    const value = code > 0x39 ? code - 0x41 : code - 0x30;
    sum += i % 2 === 0 ? FISCAL_ODD[value]! : value;
  }
  return plain[15] === String.fromCharCode(0x41 + (sum % 26));
}

function isSteuerId(plain: string): boolean {
  let product = 10;
  for (let i = 0; i < 10; i++) {
    const sum = (Number(plain[i]) + product) % 10;
    product = ((sum === 0 ? 10 : sum) * 2) % 11;
  }
  return (11 - product) % 10 === last(plain);
}

/** Numbers that begin with a digit. */
export const OF_DIGITS: readonly NationalId[] = [
  // Korea: resident registration number. The check is not made any more for those given out since 2020.
  { shape: /^\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])-[1-8]\d{6}/, names: undefined },
  { shape: /^\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[1-8]\d{6}/, names: /\brrn\b|resident|korea|주민/i },
  {
    shape: /^\d{3}[ -]?\d{3}[ -]?\d{4}/,
    names: /\bnhs\b/i,
    check: (p) => (11 - rest(p, [10, 9, 8, 7, 6, 5, 4, 3, 2], 11)) % 11 === last(p),
  },
  // Poland: PESEL.
  { shape: /^\d{11}/, names: /pesel/i, check: (p) => (10 - rest(p, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3], 10)) % 10 === last(p) },
  // South Africa.
  {
    shape: /^\d{13}/,
    names: /\brsa\b|south africa|\bid(?:entity)?(?: (?:number|no|document))?\b/i,
    check: (p) => /^\d{2}(?:0\d|1[0-2])[0-3]\d{5}[01]/.test(p) && passesLuhn(p),
  },
  // Finland: HETU.
  {
    shape: /^(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d{2}[-+A-FU-Y]\d{3}[\dA-Y]/,
    names: undefined,
    check: (p) => HETU[Number(p.slice(0, 6) + p.slice(-4, -1)) % 31] === p.at(-1),
  },
  // Germany: tax identification number.
  { shape: /^\d{2} ?\d{3} ?\d{3} ?\d{3}/, names: /steuer|\bidnr|\btin\b|tax id/i, check: isSteuerId },
  // Thailand.
  { shape: /^\d-?\d{4}-?\d{5}-?\d{2}-?\d/, names: /ประชาชน|thai|citizen id/i },
  // Spain: DNI and NIE.
  {
    shape: /^\d{8}[ -]?[A-HJ-NP-TV-Z]/,
    names: /\bdni\b|\bnif\b|\bnie\b|documento|spain|españ/i,
    check: (p) => LETTERS_23[Number(p.slice(0, 8)) % 23] === p[8],
  },
  // India: Aadhaar.
  { shape: /^[2-9]\d{3}([ -]?)\d{4}\1\d{4}/, names: /aadha+r|\buid(?:ai)?\b/i },
  // Australia: TFN, Medicare, ABN, ACN.
  { shape: /^\d{3} ?\d{3} ?\d{3}/, names: /\btfn\b|tax file/i, check: (p) => rest(p, [1, 4, 3, 7, 5, 8, 6, 9, 10], 11) === 0 },
  { shape: /^[2-6]\d{3} ?\d{5} ?\d/, names: /medicare/i, check: (p) => rest(p, [1, 3, 7, 9, 1, 3, 7, 9], 10) === Number(p[8]) },
  {
    shape: /^\d{2} ?\d{3} ?\d{3} ?\d{3}/,
    names: /\babn\b|business number/i,
    check: (p) => rest(`${Number(p[0]) - 1}${p.slice(1)}`, [10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19], 89) === 0,
  },
  {
    shape: /^\d{3} ?\d{3} ?\d{3}/,
    names: /\bacn\b|company number/i,
    check: (p) => (10 - rest(p, [8, 7, 6, 5, 4, 3, 2, 1], 10)) % 10 === last(p),
  },
  // Netherlands: BSN. Sweden: personnummer. China. Turkey. Canada: SIN. France: NIR.
  { shape: /^\d{9}/, names: /\bbsn\b|burgerservice|sofinummer/i, check: (p) => rest(p, [9, 8, 7, 6, 5, 4, 3, 2, -1], 11) === 0 },
  {
    shape: /^(?:\d{2})?\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])[-+]?\d{4}/,
    names: /personnummer|swedish|samordning/i,
    check: (p) => passesLuhn(p.slice(-10)),
  },
  {
    shape: /^[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]/,
    names: undefined,
    check: (p) => '10X98765432'[rest(p, [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2], 11)] === p.at(-1),
  },
  {
    shape: /^[1-9]\d{10}/,
    names: /\btc\b|kimlik|\btckn|turkish/i,
    check: (p) =>
      (((7 * weighted(p, [1, 0, 1, 0, 1, 0, 1, 0, 1]) - weighted(p, [0, 1, 0, 1, 0, 1, 0, 1])) % 10) + 10) % 10 === Number(p[9]) &&
      weighted(p, Array(10).fill(1)) % 10 === Number(p[10]),
  },
  { shape: /^\d{3}[ -]?\d{3}[ -]?\d{3}/, names: /\bsin\b|social insurance/i, check: passesLuhn },
  {
    shape: /^[12] ?\d{2} ?(?:0[1-9]|1[0-2]) ?\d{2} ?\d{3} ?\d{3} ?\d{2}/,
    names: /\bnir\b|s[eé]curit[eé] sociale|insee|num[eé]ro de s[eé]cu/i,
    check: (p) => 97 - Number(BigInt(p.slice(0, 13)) % 97n) === Number(p.slice(13)),
  },
  // Japan: my number. Brazil: RG, PIS, CNH, título. Mexico: CURP, RFC. Chile: RUT. United States: ITIN, EIN, driver licence.
  { shape: /^\d{4}[ -]?\d{4}[ -]?\d{4}/, names: /my ?number|マイナンバー|個人番号/i },
  { shape: /^\d{1,2}\.?\d{3}\.?\d{3}-?[\dX]/i, names: /\brg\b|identidade/i },
  {
    shape: /^\d{3}\.?\d{5}\.?\d{2}-?\d/,
    names: /\bpis\b|\bpasep\b|\bnis\b|\bnit\b/i,
    check: (p) => ((11 - rest(p, [3, 2, 9, 8, 7, 6, 5, 4, 3, 2], 11)) % 11) % 10 === last(p),
  },
  { shape: /^\d{11}/, names: /\bcnh\b|habilita/i },
  { shape: /^\d{4} ?\d{4} ?\d{4}/, names: /t[ií]tulo|eleitor/i },
  { shape: /^\d{1,2}\.?\d{3}\.?\d{3}-[\dK]/i, names: /\brut\b|\brun\b|chile/i },
  { shape: /^9\d{2}-?(?:5\d|6[0-5]|7\d|8[0-8]|9[0-24-9])-?\d{4}/, names: /\bitin\b|individual taxpayer/i },
  { shape: /^\d{2}-\d{7}/, names: /\bein\b|employer id/i },
];

/** Numbers that begin with letters and have six digits together. */
export const OF_LETTERS: readonly NationalId[] = [
  // United Kingdom: National Insurance, NHS.
  {
    shape: /^(?![DFIQUV]|[A-Z][DFIQUVO]|BG|GB|NK|KN|TN|NT|ZZ)[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]/i,
    names: /national insurance|\bnino\b|\bni (?:number|no)/i,
  },
  { shape: /^(?![DFIQUV]|[A-Z][DFIQUVO]|BG|GB|NK|KN|TN|NT|ZZ)[A-Z]{2} \d{2} \d{2} \d{2} [A-D]/, names: undefined },
  // Singapore: NRIC and FIN.
  {
    shape: /^[STFGM]\d{7}[A-Z]/,
    names: undefined,
    check: (p) => NRIC[p[0]!]![(rest(p.slice(1), [2, 7, 6, 5, 4, 3, 2], 11) + (p[0] === 'M' ? 3 : 0)) % 11] === p.at(-1),
  },
  {
    shape: /^[XYZ][ -]?\d{7}[ -]?[A-Z]/,
    names: undefined,
    check: (p) => LETTERS_23[Number(`${'XYZ'.indexOf(p[0]!)}${p.slice(1, 8)}`) % 23] === p[8],
  },
  { shape: /^[A-Z][AEIOUX][A-Z]{2}\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[HMX][A-Z]{5}[A-Z\d]\d/, names: undefined },
  { shape: /^[A-ZÑ&]{3,4}\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[A-Z\d]{3}/, names: /\brfc\b/i },
  { shape: /^[A-Z]{0,2}\d{5,9}/, names: /driver'?s?[_ -]?(?:licen[cs]e|id)|\bdl[_ ]?(?:no|number)|licen[cs]e (?:number|no)/i },
];

/** Numbers of letters with a few digits among them: an Italian and an Indian one. */
export const WOVEN: readonly NationalId[] = [
  // Italy: codice fiscale.
  { shape: /^[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]/i, names: undefined, check: isFiscalCode },
  { shape: /^[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z]/, names: /\bpan\b|permanent account|india|tax/i },
];
