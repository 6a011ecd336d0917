// Private keys in PEM: PKCS#8, RSA, EC, OpenSSH, PGP, from the BEGIN line to the END line, with whatever a viewer puts before
// each line. A key whose end is missing counts as far as it goes. Certificates and public keys are none.
import { ALNUM, BASE64, EQUALS, isIn } from '../masking/characters.ts';
import type { Detector, Found } from '../masking/detector.ts';

const BEGIN = '-----BEGIN ';
/** The longest word between BEGIN and PRIVATE KEY. */
const MAX_LABEL = 24;
const MAX_BODY = 16_384;
const MIN_LINE = 32;
const CODED = ALNUM | BASE64 | EQUALS;
const DASHES = '-----';
const SPACES = new Set([0x09, 0x0a, 0x0d, 0x20]);

/** Finds `-----BEGIN … PRIVATE KEY-----`. */
export const pem: Detector = {
  name: 'pem',
  kind: 'secrets',
  word: 'PEM',
  anchors: ['PRIVATE KEY-----', 'PRIVATE KEY BLOCK-----'],
  reach: { before: BEGIN.length + MAX_LABEL, after: MAX_BODY },
  find: keyAt,
  examples: {
    yes: [
      'KEY=-----BEGIN RSA PRIVATE KEY-----\nisnqRGrtdMlxUW8bP4pkpM9D+W5UmrPKAyPV7u6gNVUCViQIKEjl3zfWSiGnuKaJ\n-----END RSA PRIVATE KEY-----\n',
      '"-----BEGIN PRIVATE KEY-----\\nMo9Xm2ScDw9ntJ0LbOZo0Tbg/8jqbqxZlfg/Yt4M02NV\\n-----END PRIVATE KEY-----\\n"',
      '1→-----BEGIN EC PRIVATE KEY-----\n2→Mo9Xm2ScDw9ntJ0LbOZo0Tbg/8jqbqxZlfg/Yt4M02NV\n3→-----END EC PRIVATE KEY-----',
      '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtz',
      '-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: x\n\nlQOYBF8aFh8BCADkv4Zr8mK2nqPw9YtVb3Jc7Lx0SdE1oA==\n-----END PGP PRIVATE KEY BLOCK-----',
    ],
    no: [
      '-----BEGIN CERTIFICATE-----\nMIIB9TCCAV4CCQDMo9Xm2ScDw9ntJ0LbOZo0Tbg\n-----END CERTIFICATE-----',
      '-----BEGIN PUBLIC KEY-----\nMo9Xm2ScDw9ntJ0LbOZo0Tbg/8jqbqxZlfg/Yt4M02NV\n-----END PUBLIC KEY-----',
      '-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----',
      'it begins with -----BEGIN PRIVATE KEY----- and so on with a good many words that prove nothing at all to anybody',
      'Not it: PRIVATE KEY----- isnqRGrtdMlxUW8bP4pkpM9D+W5UmrPKAyPV7u6gNVUCViQIKEjl3zfWSiGnuKaJ',
      'lines between -----BEGIN PRIVATE KEY----- and -----END PRIVATE KEY-----',
    ],
  },
};

function keyAt(text: string, at: number): Found | undefined {
  const before = text.slice(Math.max(0, at - BEGIN.length - MAX_LABEL), at);
  const begin = before.lastIndexOf(BEGIN);
  if (begin < 0 || !/^[A-Z0-9 ]*$/.test(before.slice(begin + BEGIN.length))) return undefined;
  const start = at - before.length + begin;
  const from = text.indexOf(DASHES, at) + DASHES.length;
  const dashes = text.indexOf(DASHES, from);
  const to = dashes < 0 ? text.length : dashes;
  const inner = text.slice(from, Math.min(to, from + MAX_BODY));
  const close = /^-----END [A-Z0-9 ]{1,40}-----/.exec(text.slice(to, to + 64));
  if (close && from + inner.length === to && !/["\uFFFD]/.test(inner)) {
    return holdsCode(inner) ? key(text, start, to + close[0].length) : undefined;
  }
  let end = 0;
  for (let i = 0; ; i++) {
    const code = inner.charCodeAt(i);
    if (isIn(code, CODED)) end = i + 1;
    else if (!SPACES.has(code)) break;
  }
  return holdsCode(inner.slice(0, end)) ? key(text, start, from + end) : undefined;
}

/** A line, without the number that a tool showing a file puts before it. */
const LINE = /(?:^|(?<=[\r\n]))(?:[ \t]{0,8}[0-9]{1,7}(?:→|[\t:|]))?[ \t]*([^\s][^\r\n]*)/g;

function key(text: string, start: number, end: number): Found {
  const parts = Array.from(text.slice(start, end).matchAll(LINE), (line) => {
    const lineEnd = start + line.index + line[0].length;
    return { start: lineEnd - line[1]!.length, end: lineEnd };
  });
  return { start, end, keepPrefix: 0, parts };
}

/** Whether there is a line of base64 in it, and not only words. */
function holdsCode(inner: string): boolean {
  let run = 0;
  for (let i = 0; i < inner.length && run < MIN_LINE; i++) run = isIn(inner.charCodeAt(i), CODED) ? run + 1 : 0;
  return run >= MIN_LINE;
}
