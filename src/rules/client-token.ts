// The token of a client: `sp_<id>_<secret>_<crc32>`, in hexadecimal digits. The checksum tells a typing mistake from a wrong token before
// anything is looked up, and lets a scanner of secrets be sure. Must not know where tokens are kept, nor make randomness.
import { crc32 } from './masking/crc32.ts';

/** A token taken apart. The id names it in lists; the secret is 256 bits that nobody keeps. */
export interface ClientToken {
  readonly id: string;
  readonly secret: string;
}

/** What is to be said of a token that was shown. Only a valid one tells whose it is. */
export type TokenStanding =
  | { readonly state: 'valid'; readonly id: string; readonly profile: string }
  | { readonly state: 'mistyped' | 'unknown' | 'revoked' | 'expired' | 'unchecked' };

const ID_BYTES = 4;

/** How much randomness a token is made of, bytes. */
export const TOKEN_BYTES: number = ID_BYTES + 32;

/** A token from `TOKEN_BYTES` random bytes. */
export function makeToken(random: Uint8Array): ClientToken {
  const digits = Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return { id: digits.slice(0, 2 * ID_BYTES), secret: digits.slice(2 * ID_BYTES) };
}

/** The token as a client holds it. */
export function formatToken({ id, secret }: ClientToken): string {
  const text = `sp_${id}_${secret}`;
  return `${text}_${crc32(new TextEncoder().encode(text)).toString(16).padStart(8, '0')}`;
}

/** The token; undefined where the shape or the checksum is wrong. */
export function parseToken(text: string): ClientToken | undefined {
  const [, id, secret] = SHAPE.exec(text) ?? [];
  if (id === undefined || secret === undefined) return undefined;
  const token = { id, secret };
  return formatToken(token) === text ? token : undefined;
}

const SHAPE = /^sp_([0-9a-f]{8})_([0-9a-f]{64})_[0-9a-f]{8}$/;

/** Whether the text means to be a token. What does not is a password of another kind, or nothing. */
export function meansToken(text: string): boolean {
  return text.startsWith('sp_');
}
