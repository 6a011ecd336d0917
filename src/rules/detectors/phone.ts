// Telephone numbers. One with `+` and a country is free to stand anywhere; a national one needs a word that names it, or brackets and
// hyphens as its country writes them. Which numbers there are says the metadata of libphonenumber.
import { type CountryCode, type MetadataJson, parsePhoneNumberFromString } from 'libphonenumber-js/core';
import metadata from 'libphonenumber-js/metadata.min.json';
import { ALNUM, DIGIT, isIn } from '../masking/characters.ts';
import type { Detector, Found } from '../masking/detector.ts';
import { digitsOf, isAll, isMonotone, isSaidBefore, shapeAt, standsAlone } from '../masking/surroundings.ts';

/** Digits in groups, with what stands between them; a group may be in brackets. */
const INTERNATIONAL = /^\+ ?\d{1,3}(?:[ ./-]{0,2}(?:\(\d{1,5}\)|\d{1,12})){1,7}/;
const NATIONAL = /^(?:\(\d{1,5}\)[ ./-]{0,2})?\d{1,12}(?:[ ./-]{1,2}(?:\(\d{1,5}\)[ .-]{0,2})?\d{2,8}){0,6}/;
const EXTENSION = /^[ ,;]{0,2}(?:ext\.?|x|ramal|extension)[ .:]{0,2}\d{1,6}(?!\d)/i;
const PLUS = 0x2b;
const OPEN = 0x28;
const BLANK = 0x20;
/** No number of a country is shorter or longer. */
const MIN_DIGITS = 7;
const MAX_DIGITS = 12;
const NAMES =
  /phone|\btel\b|tel[eé]?[-_ .:]|telef|telepo|\btlf|\bfon\b|mobil|m[oó]vil|cell|celular|whats|\bfax|\bsms\b|\bcall\b|\bdial\b|contact[-_ ]?(?:no|num|at|me|us)|hotline|handy|rufnummer|cep (?:no|tel)|gsm|n[uú]mero de contato|ligar|ligue|msisdn|電話|电话|手机|전화|тел/i;
/** Written as its country writes it, a number is one without a word: brackets, or three groups that are no date. */
const TYPICAL =
  /^(?:\(\d{2,4}\)[ -]?\d{3,5}[ -.]?\d{4}|(?:1[-. ])?\d{3}[-.]\d{3}[-.]\d{4}|0[ -]?\(?\d{3}\)?[ -]\d{3}[ -]\d{2}[ -]?\d{2}|0 ?\(\d{3}\) ?\d{7}|0\d{3}[- ]\d{3}[- ]\d{4}|\d{2} 9\d{4}-\d{4})(?!\d)/;
/** A mobile number on its own, as in the Philippines, Turkey and elsewhere. */
const MOBILE = /^0(?:9|5)\d{9}$/;
/** What numbers of other things are called. */
const OTHERS =
  /(?:#|\b(?:order|invoice|ticket|issue|case|ref|isbn|issn|version|serial|sku|part|zip|ssn|cpf|cnpj|iban|card)\b)[^\n]{0,12}$/i;
/** Countries whose national numbers are tried, those with most speakers of the words above first. */
const COUNTRIES: readonly CountryCode[] = [
  ...([
    'US',
    'BR',
    'GB',
    'DE',
    'FR',
    'ES',
    'IT',
    'PT',
    'PH',
    'TR',
    'IN',
    'AU',
    'NL',
    'MX',
    'JP',
    'KR',
    'CN',
    'RU',
    'PL',
    'AR',
    'CL',
    'CO',
    'ID',
    'ZA',
  ] as const),
  ...([
    'SE',
    'NO',
    'DK',
    'FI',
    'CH',
    'AT',
    'BE',
    'IE',
    'IL',
    'GR',
    'CZ',
    'UA',
    'NG',
    'KE',
    'EG',
    'SA',
    'AE',
    'TH',
    'VN',
    'MY',
    'SG',
    'HK',
    'TW',
    'NZ',
  ] as const),
];

/** Finds telephone numbers. */
export const phone: Detector = {
  name: 'phone',
  kind: 'phone',
  word: 'PHONE',
  anchors: ['+'],
  digits: 7,
  reach: { before: 96, after: 32 },
  beside: { before: /[^A-Za-z\d]/, behind: /[ \d]/ },
  glance: (bytes, _at, end) => isIn(bytes[bytes[end] === BLANK ? end + 1 : end]!, DIGIT),
  find: numberAt,
  examples: {
    yes: [
      'call +49 30 901820 today',
      'tel:+5511987654321',
      '(212) 555-2368',
      '212-555-2368',
      'phone: 2125552368',
      'telefone 11 98765-4321',
      'Phone: +1 212 555 2368 ext. 12',
      'mobile,0917 482 6153',
      'fax 030/901820',
    ],
    no: [
      '+1234',
      'x = a+4930901820',
      'order #212-555-2368',
      '2125552368',
      '2026-11-25 10:00:00',
      'v212.555.2368',
      '+11111111111',
      'phone 1.2.3',
      'call 12345678901234567',
      'phone: 0000000000',
    ],
  },
};

function numberAt(text: string, at: number): Found | undefined {
  return text.charCodeAt(at) === PLUS ? internationalAt(text, at) : nationalAt(text, at);
}

function internationalAt(text: string, at: number): Found | undefined {
  const match = shapeAt(text, at, INTERNATIONAL);
  if (match === undefined || isIn(text.charCodeAt(at - 1), ALNUM) || isMonotone(digitsOf(match).slice(1))) return undefined;
  // A list of numbers reads like one: groups are let go from the end until there is a number.
  for (let end = at + match.length; end > at + 7; end = groupBefore(text, at, end)) {
    if (isIn(text.charCodeAt(end), ALNUM)) continue;
    const parsed = parsePhoneNumberFromString(text.slice(at, end), metadata as MetadataJson);
    if (parsed?.isPossible() && (parsed.isValid() || isSaidBefore(text, at, NAMES))) return withExtension(text, at, end);
  }
  return undefined;
}

function nationalAt(text: string, at: number): Found | undefined {
  const start = text.charCodeAt(at - 1) === OPEN ? at - 1 : at;
  if (text.charCodeAt(start - 1) === PLUS || text.charCodeAt(start - 2) === PLUS) return undefined;
  const match = shapeAt(text, start, NATIONAL);
  if (match === undefined || digitsOf(match).length < MIN_DIGITS) return undefined;
  const isNamed = isSaidBefore(text, start, NAMES, 64);
  if (!isNamed && !TYPICAL.test(match) && !MOBILE.test(match)) return undefined;
  for (let end = start + match.length; end > start + 6; end = groupBefore(text, start, end)) {
    const own = text.slice(start, end);
    if (!isNamed && TYPICAL.exec(own)?.[0] !== own && !(MOBILE.test(own) && isAll(text, start, end))) continue;
    if (!standsAlone(text, start, end)) continue;
    if (isMonotone(digitsOf(own)) || isSaidBefore(text, start, OTHERS, 40)) return undefined;
    if (isNational(own)) return withExtension(text, start, end);
  }
  return undefined;
}

/** Whether one of the countries has such a number. */
function isNational(own: string): boolean {
  const digits = digitsOf(own);
  if (digits.length < MIN_DIGITS || digits.length > MAX_DIGITS) return false;
  return COUNTRIES.some((country) => parsePhoneNumberFromString(digits, country, metadata as MetadataJson)?.isValid());
}

/** The end of the group of digits before the one that ends at `end`. */
function groupBefore(text: string, start: number, end: number): number {
  let i = end - 1;
  while (i > start && isIn(text.charCodeAt(i), DIGIT)) i--;
  while (i > start && !isIn(text.charCodeAt(i), DIGIT)) i--;
  return i + 1;
}

function withExtension(text: string, start: number, end: number): Found {
  return { start, end: end + (shapeAt(text, end, EXTENSION)?.length ?? 0), keepPrefix: 0 };
}
