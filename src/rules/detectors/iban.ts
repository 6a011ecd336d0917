// International bank account numbers (ISO 13616): a country of the registry, its length, and the check by 97.
// Both cases and groups of four are read. It must not know banks.
import { ALNUM, isIn, LETTER } from '../masking/characters.ts';
import type { Detector, Found } from '../masking/detector.ts';

/** Lengths by country, from the registry of SWIFT. */
const LENGTHS = new Map(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 ' +
    'GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 ' +
    'PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30'
  )
    .split(' ')
    .map((row) => [row.slice(0, 2), Number(row.slice(2))] as const),
);
/** How far before a long run of digits one may begin: behind the country, two digits, a bank's letters and blanks. */
const HEAD = 16;
const BLANK = 0x20;
const HYPHEN = 0x2d;

/** Finds account numbers. */
export const iban: Detector = {
  name: 'iban',
  kind: 'iban',
  word: 'IBAN',
  anchors: [],
  digits: 8,
  reach: { before: 20, after: 48 },
  find: accountAt,
  examples: {
    yes: [
      'DE89370400440532013000',
      'pay to gb29 nwbk 6016 1331 9268 19 now',
      'MT84MALT011000012345MTLCAST001S',
      '"NO93 8601 1117 947"',
      'FR14-2004-1010-0505-0001-3M02-606',
    ],
    no: [
      'DE89370400440532013001',
      'XX89370400440532013000',
      'aDE89370400440532013000',
      'DE89370400440532013000a',
      'DE8937040044053201300',
      '89370400440532013000',
    ],
  },
};

function accountAt(text: string, at: number): Found | undefined {
  for (let start = at - 2; start >= Math.max(0, at - HEAD); start--) {
    if (!isIn(text.charCodeAt(start), LETTER) || isIn(text.charCodeAt(start - 1), ALNUM)) continue;
    if (!/^[A-Z]{2}\d{2}/i.test(text.slice(start, start + 4))) continue;
    const end = endOf(text, start);
    return end === undefined ? undefined : { start, end, keepPrefix: 0 };
  }
  return undefined;
}

/** Where the number that begins at `start` ends; undefined if it is none. */
function endOf(text: string, start: number): number | undefined {
  const length = LENGTHS.get(text.slice(start, start + 2).toUpperCase());
  if (length === undefined) return undefined;
  let plain = '';
  let end = start;
  for (; plain.length < length; end++) {
    const code = text.charCodeAt(end);
    if (isIn(code, ALNUM)) plain += text[end];
    else if ((code !== BLANK && code !== HYPHEN) || !isIn(text.charCodeAt(end + 1), ALNUM)) return undefined;
  }
  return !isIn(text.charCodeAt(end), ALNUM) && isValidIban(plain.toUpperCase()) ? end : undefined;
}

/** Whether the number leaves 1 when divided by 97 (ISO 7064, MOD 97-10). Capitals and digits without blanks. */
export function isValidIban(plain: string): boolean {
  let rest = 0;
  for (const char of plain.slice(4) + plain.slice(0, 4)) {
    const value = Number.parseInt(char, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}
