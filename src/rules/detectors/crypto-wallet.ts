// Addresses of Bitcoin and Ethereum wallets. Those of Bitcoin carry a checksum, which decides; those of Ethereum are 40 hex digits behind
// `0x` and nothing more, as keys and hashes are longer.
import { createHash } from 'node:crypto';
import { ALNUM, isIn } from '../masking/characters.ts';
import type { Detector, Found } from '../masking/detector.ts';
import { shapeAt } from '../masking/surroundings.ts';

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const BASE58 = /^[13][1-9A-HJ-NP-Za-km-z]{25,34}(?![A-Za-z\d])/;
const CHARSET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const BECH32 = /^(?:bc|tb)1[02-9ac-hj-np-z]{11,71}(?![a-z\d])/i;
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
/** What the checksum leaves for bech32 and for bech32m (BIP 173, BIP 350). */
const SOUND = [1, 0x2bc830a3];
const ETHEREUM = /^0x[\da-f]{40}(?![\da-z])/i;
/** Version, hash and checksum of a base58 address. */
const BYTES = 25;
const LETTER_X = 0x78;
const ZERO = 0x30;
/** How far the last character of the shortest addresses is from their first. */
const SHORTEST = 13;

/** Finds wallet addresses. */
export const cryptoWallet: Detector = {
  name: 'crypto-wallet',
  kind: 'crypto_wallet',
  word: 'WALLET',
  anchors: ['1', '3', 'x', 'bc1', 'tb1'],
  anyCase: true,
  beside: { before: /[^A-Za-z1-9]/, behind: /[A-Za-z\d]/ },
  glance: (bytes, at) =>
    (bytes[at]! | 0x20) === LETTER_X
      ? bytes[at - 1] === ZERO && isIn(bytes[at + 40]!, ALNUM)
      : !isIn(bytes[at - 1]!, ALNUM) && isIn(bytes[at + SHORTEST]!, ALNUM),
  find: addressAt,
  examples: {
    yes: [
      'send to 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa now',
      'bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq',
      'eth 0x52908400098527886E0F7030069857D2E4169EE7',
    ],
    no: [
      '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb',
      'bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdp',
      '12345678901234567890123456789',
      'x1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa',
      '0x52908400098527886E0F7030069857D2E4169EE71',
      'a0x52908400098527886E0F7030069857D2E4169EE7',
      'index 1 of 3 next',
    ],
  },
};

function addressAt(text: string, at: number): Found | undefined {
  const isHex = (text.charCodeAt(at) | 0x20) === LETTER_X;
  const start = isHex ? at - 1 : at;
  if (isIn(text.charCodeAt(start - 1), ALNUM)) return undefined;
  if (isHex) return whole(start, shapeAt(text, start, ETHEREUM));
  const base58 = shapeAt(text, start, BASE58);
  if (base58 !== undefined) return isBase58Check(base58) ? whole(start, base58) : undefined;
  const bech32 = shapeAt(text, start, BECH32, 96);
  return bech32 !== undefined && isBech32(bech32.toLowerCase()) ? whole(start, bech32) : undefined;
}

function whole(start: number, own: string | undefined): Found | undefined {
  return own === undefined ? undefined : { start, end: start + own.length, keepPrefix: 0 };
}

/** Whether the last four bytes are the beginning of the double SHA-256 of the others. */
function isBase58Check(own: string): boolean {
  let value = 0n;
  for (const char of own) value = value * 58n + BigInt(ALPHABET.indexOf(char));
  const hex = value.toString(16).padStart(2 * BYTES, '0');
  if (hex.length > 2 * BYTES) return false;
  const bytes = Buffer.from(hex, 'hex');
  const sha = (part: Buffer) => createHash('sha256').update(part).digest();
  return sha(sha(bytes.subarray(0, BYTES - 4)))
    .subarray(0, 4)
    .equals(bytes.subarray(BYTES - 4));
}

function isBech32(own: string): boolean {
  const [prefix, data] = [own.slice(0, 2), own.slice(3)];
  const values = [...prefix].map((char) => char.charCodeAt(0) >> 5);
  values.push(0, ...[...prefix].map((char) => char.charCodeAt(0) & 31), ...[...data].map((char) => CHARSET.indexOf(char)));
  let check = 1;
  for (const value of values) {
    const top = check >> 25;
    check = ((check & 0x1ffffff) << 5) ^ value;
    GENERATOR.forEach((part, i) => {
      if ((top >> i) & 1) check ^= part;
    });
  }
  return SOUND.includes(check);
}
