// Credentials in an Authorization header or a cookie, wherever one is quoted: `Bearer …`, `Basic …`, `Token …`, `session=…`. Whether a
// token is a JWT or a vendor's is said by their own detectors.
import type { Detector, Found } from '../masking/detector.ts';
import { isNoSecret, isRandom } from '../masking/secret-value.ts';

const SCHEME = /^(bearer|basic|token|apikey)[ \t]{1,2}["']?/i;
const COOKIE = /^cookie:[ \t]{0,2}(?:[\w.-]{1,40}=[^;\s]{0,200};[ \t]?){0,4}[\w.-]{0,30}(?:sess|sid|auth|token)[\w.-]{0,20}=/i;
const TOKEN = /^[\w+/=.~%:-]{12,400}/;
const BEFORE = /(?:authorization|auth)["']?[ \t]{0,2}[:=,][ \t]{0,2}["'`]?$/i;
const AHEAD = 512;

/** Finds the credential behind its scheme. */
export const authorization: Detector = {
  name: 'authorization',
  kind: 'secrets',
  word: 'TOKEN',
  anchors: ['bearer ', 'basic ', 'token ', 'cookie:'],
  anyCase: true,
  reach: { before: 40, after: 24 },
  glance: (bytes, _at, end) => bytes[end]! > 0x20 || bytes[end] === 0x20,
  find: credentialAt,
  examples: {
    yes: [
      'curl -H "Authorization: Bearer eAuDYMbXgHwrS4EUYs-JVbHCpm9L64IimsGRWTlE" https://x.test',
      'Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==',
      'Authorization: Bearer mF_9.B5f-4.1JqM',
      'Cookie: theme=dark; session=s%3Aa7Xg9C4dZn8YyBt6MoAs.9mMrX7Zr7rHdUqNcMc8YkIdF3iVg9Hz; Path=/',
    ],
    no: [
      'Authorization: Bearer <token>',
      'the bearer of this letter',
      'basic authentication',
      'token expiration',
      'Authorization: Bearer $TOKEN',
      'Cookie: theme=dark',
    ],
  },
};

function credentialAt(text: string, at: number): Found | undefined {
  const ahead = text.slice(at, at + AHEAD);
  const scheme = SCHEME.exec(ahead);
  const lead = scheme ?? COOKIE.exec(ahead);
  if (!lead) return undefined;
  const from = lead[0].length;
  const own = TOKEN.exec(ahead.slice(from))?.[0].replace(/[.:]+$/, '');
  if (own === undefined || isNoSecret(own)) return undefined;
  const isInHeader = scheme !== null && BEFORE.test(text.slice(Math.max(0, at - 40), at));
  const isMeant = isRandom(own) || (isInHeader && /\d/.test(own)) || (/^basic/i.test(ahead) && isUserAndPassword(own));
  return isMeant ? { start: at + from, end: at + from + own.length, keepPrefix: 0 } : undefined;
}

/** Base64 of `user:password` (RFC 7617). */
function isUserAndPassword(own: string): boolean {
  return /^[A-Za-z\d+/]+={0,2}$/.test(own) && /^[\x21-\x7e]+:[\x20-\x7e]+$/.test(Buffer.from(own, 'base64').toString('latin1'));
}
