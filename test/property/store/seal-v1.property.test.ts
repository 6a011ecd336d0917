// Of a value sealed as enc:v1 nothing opens but itself: a changed digit, a digit less, a part of another value.
import { createCipheriv } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SealError } from '../../../src/store/seal.ts';
import { openV1 } from '../../../src/store/seal-v1.ts';

const KEY = Buffer.alloc(32, 3);

const sealed = fc
  .tuple(fc.string({ minLength: 1, unit: 'grapheme' }), fc.uint8Array({ minLength: 16, maxLength: 16 }))
  .map(([value, iv]) => {
    const cipher = createCipheriv('aes-256-gcm', KEY, iv);
    const ciphertext = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()]);
    const parts = [Buffer.from(iv), ciphertext, cipher.getAuthTag()].map((part) => part.toString('hex'));
    return { value: Buffer.from(value).toString(), parts };
  });
const written = (parts: readonly string[]) => `enc:v1:${parts.join(':')}`;

test('a value opens as it was', () => {
  fc.assert(fc.property(sealed, ({ value, parts }) => void expect(openV1(KEY, written(parts))).toBe(value)));
});

test('no changed digit and no missing one opens', () => {
  fc.assert(
    fc.property(sealed, fc.nat(), fc.integer({ min: 1, max: 15 }), (one, at, by) => {
      const text = written(one.parts);
      const index = 7 + (at % (text.length - 7));
      fc.pre(text[index] !== ':');
      const digit = (Number.parseInt(text[index]!, 16) ^ by).toString(16);
      expect(() => openV1(KEY, text.slice(0, index) + digit + text.slice(index + 1))).toThrow(SealError);
      expect(() => openV1(KEY, text.slice(0, index) + text.slice(index + 1))).toThrow(SealError);
    }),
  );
});

test('parts of two values make no third', () => {
  fc.assert(
    fc.property(sealed, sealed, fc.integer({ min: 0, max: 2 }), (one, other, part) => {
      fc.pre(one.parts[part] !== other.parts[part]);
      expect(() => openV1(KEY, written(one.parts.with(part, other.parts[part]!)))).toThrow(SealError);
    }),
  );
});

test('whatever else there is throws SealError and nothing else', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map((text) => `enc:v1:${text}`),
      ),
      (text) => void expect(() => openV1(KEY, text)).toThrow(SealError),
    ),
  );
});
