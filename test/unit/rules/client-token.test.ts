// Tokens of clients: one known by heart, and what is not one.
import { describe, expect, test } from 'vitest';
import { formatToken, makeToken, meansToken, parseToken, TOKEN_BYTES } from '../../../src/rules/client-token.ts';

const SECRET = '04'.padEnd(64, '5');
const TOKEN = formatToken({ id: '00010203', secret: SECRET });

test('has 256 bits of secret, and the checksum of what stands before it', () => {
  expect(TOKEN_BYTES).toBe(36);
  const token = makeToken(Uint8Array.from({ length: TOKEN_BYTES }, (_, i) => i));
  expect(token).toEqual({ id: '00010203', secret: '0405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223' });
  // The checksum as zlib makes it.
  expect(formatToken(token)).toBe(`sp_00010203_${token.secret}_b3c17441`);
});

describe('is parsed', () => {
  test('as it was written', () => {
    expect(parseToken(TOKEN)).toEqual({ id: '00010203', secret: SECRET });
    expect(meansToken(TOKEN)).toBe(true);
  });

  test.each([
    ['a digit changed', TOKEN.replace('5', '6')],
    ['two digits swapped', TOKEN.replace('45', '54')],
    ['capital letters', TOKEN.toUpperCase()],
    ['a space behind', `${TOKEN} `],
    ['a digit less', TOKEN.slice(0, -1)],
    ['nothing but the beginning', 'sp_'],
    ['nothing', ''],
  ])('not with %s', (_, text) => {
    expect(parseToken(text)).toBeUndefined();
  });

  test('only what begins like one means to be one', () => {
    expect(meansToken('sp_typo')).toBe(true);
    expect(meansToken('hunter2')).toBe(false);
  });
});
