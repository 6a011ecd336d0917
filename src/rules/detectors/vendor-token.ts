// Tokens that are known by the letters they begin with: GitLab's and Stripe's have files of their own, the many others stand in
// vendor-tokens.ts. It must not know any of them.
import { ALNUM, isIn, UNDERSCORE } from '../masking/characters.ts';
import type { Detector, Found } from '../masking/detector.ts';
import { beginsAt, isFiller, isMixed } from '../masking/token.ts';
import { VENDOR_TOKENS } from '../masking/vendor-tokens.ts';

const SHAPES = VENDOR_TOKENS.map(({ prefix, alphabet, min, max }) => ({ prefix, alphabet: tableOf(alphabet), min, max }));
/** The shapes by the first letters of their prefixes, in their order. */
const HEAD = 3;
const BY_HEAD = Map.groupBy(SHAPES, ({ prefix }) => prefix.slice(0, HEAD));
/** What is no beginning if it comes before one. */
const EDGE = ALNUM | UNDERSCORE;
/** Prefixes so short that they also end names of files and begin parts of paths. */
const SHORT = 4;

function tableOf(alphabet: string): Uint8Array {
  const one = new RegExp(`[${alphabet}]`);
  return Uint8Array.from({ length: 128 }, (_, code) => (one.test(String.fromCharCode(code)) ? 1 : 0));
}

/** Finds tokens by their prefixes. */
export const vendorToken: Detector = {
  name: 'vendor-token',
  kind: 'secrets',
  word: 'TOKEN',
  anchors: SHAPES.map((shape) => shape.prefix),
  find: tokenAt,
  examples: {
    yes: [
      'lin_api_U1foaELhAsUcrkrYVV5mWzMsd1HBm9SABboDcQ3V',
      'figd_z43Hpgp37XG3cc849h4KNls1KpbXCoPkle1Z8EEg.',
      '"PMAK-be68a955d73619000f121d77-1d6ce2aa99d4b222bcc9fc01f345cf5d21"',
      'http_proxy=any:sp_00010203_0405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223_b3c17441',
      'nuget push oy2uvj461q26hsypwoc84xanb4cntvkyvz6vzrk2pprawr -Source',
    ],
    no: [
      'ico-XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX',
      'shpssSSSSS_SSSS_sssss',
      'key-value-store',
      'xlin_api_U1foaELhAsUcrkrYVV5mWzMsd1HBm9SABboDcQ3V',
      'API-reference',
      'secret_name',
      'sp_00010203_created_at',
    ],
  },
};

function tokenAt(text: string, at: number): Found | undefined {
  if (!beginsAt(text, at, EDGE)) return undefined;
  for (const { prefix, alphabet, min, max } of BY_HEAD.get(text.slice(at, at + HEAD))!) {
    if (!text.startsWith(prefix, at)) continue;
    const from = at + prefix.length;
    let end = from;
    while (end <= from + max && alphabet[text.charCodeAt(end)] === 1) end++;
    if (end - from > max) continue;
    // A full stop or a hyphen at the end belongs to the sentence.
    while (end > from && END.includes(text[end - 1]!)) end--;
    const own = text.slice(from, end);
    if (end - from < min || isIn(text.charCodeAt(end), ALNUM) || isFiller(own) || !isMixedOrLong(own)) continue;
    if (prefix.length <= SHORT && (!/\d/.test(own) || /[/.]/.test(text[at - 1] ?? '') || text[end] === '.')) continue;
    return { start: at, end, keepPrefix: prefix.length };
  }
  return undefined;
}

const END = '.-,';

function isMixedOrLong(own: string): boolean {
  return isMixed(own) || /^[\d-]{32,}$/.test(own);
}
