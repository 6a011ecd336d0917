import { crc32 as reference } from 'node:zlib';
import { expect, it } from 'vitest';
import { crc32 } from '../../../../src/rules/masking/crc32.ts';

it.each(['', 'a', '123456789', 'é'.repeat(1000)])('is what zlib says of %j', (text) => {
  const bytes = Buffer.from(text);
  expect(crc32(bytes)).toBe(reference(bytes));
});
