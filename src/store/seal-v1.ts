// Reads what other gateways have sealed as `enc:v1:<iv>:<ciphertext>:<tag>`, in hex (AES-256-GCM, nothing bound to it), for an import.
// Must not write that form: it is bound to no place, so that a value could be moved.
import { createDecipheriv, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { KEY_BYTES } from './key-source.ts';
import { SealError } from './seal.ts';

// OmniRoute writes ivs of 16 bytes; 12 is what GCM is made for.
const FORM = /^enc:v1:([0-9a-f]{24}|[0-9a-f]{32}):((?:[0-9a-f]{2})+):([0-9a-f]{32})$/i;
const derive = promisify<string, string, number, Buffer>(scrypt);

/** Whether a text claims to be of this form. */
export function isV1(text: string): boolean {
  return text.startsWith('enc:v1:');
}

/**
 * The keys that the secret of such a gateway may stand for, the likelier one first: itself where it is 64 hex digits, and what scrypt
 * (N=16384, r=8, p=1) makes of it with `salt`; the default is the one of OmniRoute, whose secret is its STORAGE_ENCRYPTION_KEY.
 */
export async function keysForV1(secret: string, salt = 'omniroute-field-encryption-v1'): Promise<readonly Buffer[]> {
  const derived = await derive(secret, salt, KEY_BYTES);
  return /^[0-9a-f]{64}$/i.test(secret) ? [derived, Buffer.from(secret, 'hex')] : [derived];
}

/** The value. `key` has 32 bytes. Throws SealError, which holds nothing of either. */
export function openV1(key: Buffer, text: string): string {
  const [, iv, ciphertext, tag] = FORM.exec(text) ?? [];
  if (key.length !== KEY_BYTES || iv === undefined || ciphertext === undefined || tag === undefined)
    throw new SealError('this is no value sealed as enc:v1:<iv>:<ciphertext>:<tag> in hex');
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'hex'), { authTagLength: 16 }).setAuthTag(Buffer.from(tag, 'hex'));
  try {
    const plain = Buffer.concat([decipher.update(Buffer.from(ciphertext, 'hex')), decipher.final()]);
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(plain);
  } catch (cause) {
    throw new SealError('a value sealed as enc:v1 does not open: another key, or it was changed', cause);
  }
}
