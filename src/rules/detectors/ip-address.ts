// IP addresses that belong to some machine: not loopback, not unspecified, no versions and no times. Of version 6 also those with an
// address of version 4 at their end.
import { ALNUM, DIGIT, HEX, isIn } from '../masking/characters.ts';
import type { Detector, Found } from '../masking/detector.ts';
import { isSaidNear, shapeAt } from '../masking/surroundings.ts';

const V4 = /^(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}(?![\d.]*\d)/;
const VERSION = /(?:\bv|version\W{0,3}|release\W{0,3}|@|[~^<>=]=?\s?|-)$/i;
/** Loopback, private, link-local, shared, documentation, multicast and reserved ones (RFC 6890, RFC 5737): they lead to nobody. */
const NOBODY =
  /^(?:0|10|127|2[2-5]\d)\.|^169\.254\.|^172\.(?:1[6-9]|2\d|3[01])\.|^192\.168\.|^100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|^192\.0\.2\.|^198\.51\.100\.|^203\.0\.113\./;
/** What versions and object identifiers look like too. */
const SMALL = /^(?:[12]?\d\.){3}[12]?\d$/;
const NAMES = /\bip|addr|host|server|\bdns|peer|client|remote|network|gateway|^[:/]\d/i;
/** The same of version 6. */
const NOBODYS_LINK = /^fe[89ab]/i;
const COLON = 0x3a;
const DOT = 0x2e;
/** The longest one, with an address of version 4 in it. */
const LONGEST = 46;

/** Finds addresses of versions 4 and 6. */
export const ipAddress: Detector = {
  name: 'ip-address',
  kind: 'ip_address',
  word: 'IP',
  anchors: [':'],
  digits: 4,
  reach: { before: 24, after: 8 },
  beside: { before: /./s, behind: /[\da-f:.]/i },
  glance: (bytes, at) => bytes[at + 2] !== COLON && hasColonBehind(bytes, at),
  digitGlance: (bytes, at, end) => bytes.subarray(at, end).filter((byte) => byte === DOT).length > 2,
  find: (text, at) => (text.charCodeAt(at) === COLON ? sixAt(text, at) : fourAt(text, at)),
  examples: {
    yes: [
      'peer 82.117.64.203 left',
      'dns 8.8.8.8',
      '"ip":"2001:db8:85a3::8a2e:370:7334"',
      '64:ff9b::192.0.2.1',
      '::ffff:203.0.113.77',
      '82.117.64.203:443',
      '2001:db8:0:1:2:3:4:5/64',
    ],
    no: [
      '127.0.0.1',
      'register("2.5.4.12")',
      '10.10.10.10',
      '192.168.1.20',
      '203.0.113.77',
      'fe80::1%eth0',
      '0.0.0.0',
      '::',
      '::1',
      'v1.2.3.4',
      'version 1.2.3.4',
      'pkg@1.2.3.4',
      '300.168.1.1',
      '1.2.3.4.5',
      'std::cout',
      'fe80::1text',
      '12:30:45',
      'aa:bb:cc:dd:ee:ff',
      '2001::1a2b::c0de',
      'a::b',
    ],
  },
};

function fourAt(text: string, at: number): Found | undefined {
  if (isIn(text.charCodeAt(at - 1), ALNUM) || text.charCodeAt(at - 1) === DOT || isPartOfSix(text, at)) return undefined;
  const match = shapeAt(text, at, V4, 24);
  if (match === undefined || NOBODY.test(match) || VERSION.test(text.slice(Math.max(0, at - 16), at))) return undefined;
  const end = at + match.length;
  if (SMALL.test(match) && !isSaidNear(text, at, end, NAMES)) return undefined;
  return isIn(text.charCodeAt(end), ALNUM) ? undefined : { start: at, end, keepPrefix: 0 };
}

function isPartOfSix(text: string, at: number): boolean {
  return text.charCodeAt(at - 1) === COLON && (isIn(text.charCodeAt(at - 2), HEX) || text.charCodeAt(at - 2) === COLON);
}

function sixAt(text: string, at: number): Found | undefined {
  if (!isFirstColon(text, at)) return undefined;
  let start = at;
  while (start > at - LONGEST && isOfSix(text.charCodeAt(start - 1))) start--;
  let end = at;
  while (end < start + LONGEST && isOfSix(text.charCodeAt(end))) end++;
  // The colon or the full stop of a sentence; at another colon of the same address it was looked at before.
  while (end > at + 1 && (text.charCodeAt(end - 1) === DOT || (text.charCodeAt(end - 1) === COLON && text.charCodeAt(end - 2) !== COLON)))
    end--;
  if (isIn(text.charCodeAt(end), ALNUM) || isIn(text.charCodeAt(start - 1), ALNUM)) return undefined;
  return isSomebodys(text.slice(start, end)) ? { start, end, keepPrefix: 0 } : undefined;
}

/** Whether no colon of the same address stands before: those are asked for only once. */
function isFirstColon(text: string, at: number): boolean {
  let i = at - 1;
  while (i > at - 6 && isIn(text.charCodeAt(i), ALNUM)) i--;
  return text.charCodeAt(i) !== COLON;
}

/** Whether another colon stands behind the one at `at`, as far as an address goes. */
function hasColonBehind(bytes: Uint8Array, at: number): boolean {
  let i = at + 1;
  while (i < at + LONGEST && isOfSix(bytes[i]!) && bytes[i] !== COLON) i++;
  return bytes[i] === COLON;
}

function isOfSix(code: number): boolean {
  return isIn(code, HEX | DIGIT) || (code >= 0x41 && code <= 0x46) || code === COLON || code === DOT;
}

/** Whether the text is an address (RFC 4291 2.2) of some machine: eight groups, seven as some write, or fewer round one `::`. */
function isSomebodys(own: string): boolean {
  const halves = own.split('::');
  if (halves.length > 2 || !/\d/.test(own) || NOBODYS_LINK.test(own)) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  const tail = groups.at(-1)!;
  const four = tail.includes('.') ? 1 : 0;
  if (four === 1 && shapeAt(tail, 0, V4) !== tail) return false;
  const hex = four === 1 ? groups.slice(0, -1) : groups;
  if (!hex.every((group) => /^[\da-f]{1,4}$/i.test(group))) return false;
  const count = hex.length + 2 * four;
  if (halves.length === 1) return count === 8 || (count === 7 && hex.every((group) => group.length > 2));
  return count <= 7 && count >= 2 && hex.some((group) => group.length > 2);
}
