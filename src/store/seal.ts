// One sealed value: AES-256-GCM under a data key, bound to the table, row and column it stands in, so that a ciphertext that was moved
// does not open. Must not know where keys come from, nor what a value is.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { StoreError } from './store-error.ts';

/** Where a sealed value stands. A row is named by what never changes about it. */
export interface Place {
  readonly table: string;
  readonly row: string;
  readonly column: string;
}

/** A key with the name that is written beside what it seals. */
export interface DataKey {
  /** Letters and digits. */
  readonly id: string;
  /** 32 bytes. */
  readonly key: Buffer;
}

/** A sealed value that does not open: another key, another place, a changed byte. It is never taken for anything else. */
export class SealError extends StoreError {
  constructor(line: string, cause?: unknown) {
    super(line, cause);
    this.name = 'SealError';
  }
}

const IV_BYTES = 12;
const TAG_BYTES = 16;
const FORM = /^enc:v2:([A-Za-z0-9]+):([A-Za-z0-9_-]+)$/;

/** `enc:v2:<key id>:<base64url(iv | ciphertext | tag)>`. The iv is random (NIST SP 800-38D 8.2.2: 2^32 values a key at most). */
export function sealWith({ id, key }: DataKey, place: Place, plain: Buffer | string): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(boundTo(place, id));
  const bytes = Buffer.concat([iv, cipher.update(Buffer.from(plain)), cipher.final(), cipher.getAuthTag()]);
  return `enc:v2:${id}:${bytes.toString('base64url')}`;
}

/** The id of the key that a value was sealed with; undefined for what is no sealed value. */
export function sealedBy(sealed: string): string | undefined {
  return FORM.exec(sealed)?.[1];
}

/** The value. Throws SealError. */
export function openWith({ id, key }: DataKey, place: Place, sealed: string): Buffer {
  const m = FORM.exec(sealed);
  const bytes = Buffer.from(m?.[2] ?? '', 'base64url');
  if (!m || m[1] !== id || bytes.length < IV_BYTES + TAG_BYTES) throw new SealError(`${named(place)} is not sealed as it should be`);
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(boundTo(place, id)).setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch (cause) {
    throw new SealError(`${named(place)} does not open: it was changed, moved or sealed with another key`, cause);
  }
}

function boundTo({ table, row, column }: Place, keyId: string): Buffer {
  return Buffer.from(JSON.stringify([table, row, column, keyId]));
}

function named({ table, row, column }: Place): string {
  return `${column} of «${row}» in ${table}`;
}
