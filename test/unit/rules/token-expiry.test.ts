// When a token says that it ends.
import { expect, test } from 'vitest';
import { tokenExpiry } from '../../../src/rules/token-expiry.ts';

const jwt = (claims: string) => `eyJhbGciOiJub25lIn0.${Buffer.from(claims).toString('base64url')}.sig`;

test.each([
  [jwt('{"exp":1700000000}'), 1_700_000_000_000],
  [jwt('{"exp":"soon"}'), undefined],
  [jwt('{"exp":1e999}'), undefined],
  [jwt('{}'), undefined],
  [jwt('null'), undefined],
  [jwt('no JSON'), undefined],
  ['sk-ant-oat01-opaque', undefined],
])('%s', (token, atMs) => {
  expect(tokenExpiry(token)).toBe(atMs);
});
