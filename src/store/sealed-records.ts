// A run of records of which none can be read, changed, moved or taken away without the key (but for the last ones): AES-256-GCM,
// each bound to its file and its number. An end that was cut off is told from damage. Must not know what a record says, nor touch files.
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** Seals records in order. */
export interface Writer {
  /** The bytes to append for one record. */
  seal(record: string): Buffer;
  /** The last record did not get there: the next one takes its number. */
  unseal(): void;
}

/** What could be read. 'torn': the end of the last record is missing. 'foreign': another key. 'damaged': what follows cannot be trusted. */
export interface Records {
  readonly records: readonly Buffer[];
  readonly end: 'whole' | 'torn' | 'damaged' | 'foreign';
}

const MAGIC = Buffer.from('SALLYPH1');
const SALT_BYTES = 16;
const HEADER_BYTES = MAGIC.length + SALT_BYTES;
/** A length, and the same with every bit turned. */
const LENGTH_BYTES = 8;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Record 0 of each file: whether the key is the right one. */
const CHECK = '';

/** Begins a file: what it starts with, and what seals its records. The 32 bytes of `secret` stay what they are. */
export function startRecords(secret: Buffer): { readonly header: Buffer; readonly writer: Writer } {
  const salt = randomBytes(SALT_BYTES);
  const key = keyFor(secret, salt);
  let next = 0;
  const seal = (record: string): Buffer => {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(place(salt, next++));
    const sealed = Buffer.concat([nonce, cipher.update(record), cipher.final(), cipher.getAuthTag()]);
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32BE(sealed.length, 0);
    length.writeUInt32BE(~sealed.length >>> 0, 4);
    return Buffer.concat([length, sealed]);
  };
  return { header: Buffer.concat([MAGIC, salt, seal(CHECK)]), writer: { seal, unseal: () => void next-- } };
}

/** Reads a file's records, as far as they go. */
export function readRecords(bytes: Buffer, secret: Buffer): Records {
  if (bytes.length < HEADER_BYTES)
    return {
      records: [],
      end: isZero(bytes) || MAGIC.subarray(0, bytes.length).equals(bytes.subarray(0, MAGIC.length)) ? 'torn' : 'damaged',
    };
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return { records: [], end: 'damaged' };
  const salt = bytes.subarray(MAGIC.length, HEADER_BYTES);
  const key = keyFor(secret, salt);
  const records: Buffer[] = [];
  let at = HEADER_BYTES;
  for (let n = 0; at < bytes.length; n++) {
    const rest = bytes.subarray(at);
    if (rest.length < LENGTH_BYTES || isZero(rest)) return { records, end: 'torn' };
    const length = rest.readUInt32BE(0);
    if (~length >>> 0 !== rest.readUInt32BE(4) || length < NONCE_BYTES + TAG_BYTES) return { records, end: 'damaged' };
    if (rest.length < LENGTH_BYTES + length) return { records, end: 'torn' };
    const record = opened(rest.subarray(LENGTH_BYTES, LENGTH_BYTES + length), key, place(salt, n));
    if (!record) return { records, end: n === 0 ? 'foreign' : 'damaged' };
    if (n > 0) records.push(record);
    at += LENGTH_BYTES + length;
  }
  return { records, end: 'whole' };
}

function opened(sealed: Buffer, key: Buffer, aad: Buffer): Buffer | undefined {
  const end = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES)).setAAD(aad).setAuthTag(sealed.subarray(end));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, end)), decipher.final()]);
  } catch {
    return undefined;
  }
}

function keyFor(secret: Buffer, salt: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, salt, 'sallyport placeholder file', 32));
}

/** Version, file and number: a record stands only where it was written. */
function place(salt: Buffer, number: number): Buffer {
  const n = Buffer.alloc(4);
  n.writeUInt32BE(number);
  return Buffer.concat([MAGIC, salt, n]);
}

function isZero(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0);
}
