// Values of the form enc:v1: those sealed by the rules of that form open, and nothing that only looks like one.
import { createCipheriv, scryptSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { SealError } from '../../../src/store/seal.ts';
import { isV1, keysForV1, openV1 } from '../../../src/store/seal-v1.ts';

const KEY = Buffer.alloc(32, 3);
const VALUE = 'sk-of-no-use-0123456789';

function sealed(key: Buffer, value: string | Buffer, ivBytes = 16): string {
  const cipher = createCipheriv('aes-256-gcm', key, Buffer.alloc(ivBytes, 9));
  const text = Buffer.concat([cipher.update(Buffer.from(value)), cipher.final()]).toString('hex');
  return `enc:v1:${Buffer.alloc(ivBytes, 9).toString('hex')}:${text}:${cipher.getAuthTag().toString('hex')}`;
}

describe('enc:v1', () => {
  test.each([12, 16])('opens with an iv of %i bytes, in small letters and capitals', (ivBytes) => {
    const text = sealed(KEY, VALUE, ivBytes);
    expect(isV1(text)).toBe(true);
    expect(openV1(KEY, text)).toBe(VALUE);
    expect(openV1(KEY, `enc:v1:${text.slice(7).toUpperCase()}`)).toBe(VALUE);
    expect(openV1(KEY, sealed(KEY, 'ключ', ivBytes))).toBe('ключ');
  });

  // Written down from Python: hashlib.scrypt(b'a secret', salt=b'omniroute-field-encryption-v1', n=16384, r=8, p=1, dklen=32).
  test('the secret of a gateway stands for a key by scrypt, or for itself where it is one', async () => {
    const [derived, ...none] = await keysForV1('a secret');
    expect(derived?.toString('hex')).toBe('7698846bb8f8c84d890ec7d7026fee0f64c72ebbc60df66c7961cb49b032361b');
    expect(none).toEqual([]);
    const hex = 'ab'.repeat(32);
    expect(await keysForV1(hex, 'salt')).toEqual([scryptSync(hex, 'salt', 32), Buffer.from(hex, 'hex')]);
  });

  test.each([
    ['no prefix', (text: string) => text.slice(7)],
    ['another version', (text: string) => text.replace('v1', 'v2')],
    ['a blank behind it', (text: string) => `${text} `],
    ['a newline behind it', (text: string) => `${text}\n`],
    ['a tag that is cut', (text: string) => text.slice(0, -2)],
    ['a fifth part', (text: string) => `${text}:00`],
    ['half a byte', (text: string) => text.replace(/:([0-9a-f]+):([0-9a-f]{32})$/, ':$10:$2')],
    ['nothing sealed', (text: string) => text.replace(/:([0-9a-f]+):([0-9a-f]{32})$/, '::$2')],
    ['a letter that is no digit', (text: string) => text.replace(/.$/, 'g')],
    ['an iv of 8 bytes', (text: string) => text.replace(/^enc:v1:[0-9a-f]{16}/, 'enc:v1:')],
  ])('refuses %s', (_, spoil) => {
    const text = spoil(sealed(KEY, VALUE));
    expect(() => openV1(KEY, text)).toThrow('this is no value sealed as enc:v1');
  });

  test('refuses another key, half a key, and what is no text; the line holds no value', () => {
    const text = sealed(KEY, VALUE);
    for (const key of [Buffer.alloc(32), KEY.subarray(1)]) expect(() => openV1(key, text)).toThrow(SealError);
    expect(() => openV1(KEY, sealed(KEY, Buffer.from([0xff, 0xfe])))).toThrow('does not open');
    expect(() => openV1(Buffer.alloc(32), text)).toThrow(/^a value sealed as enc:v1 does not open: another key, or it was changed$/);
  });
});
