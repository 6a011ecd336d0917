import { expect, test } from 'vitest';
import { recordable } from '../../../src/rules/recordable.ts';

const rule = (replaces: string | undefined) => ({ host: 'a.test', header: 'x', value: 'y', replaces });
const rules = [rule(undefined), rule('dummy-key')];

test.each([
  ['/v1/messages', '/v1/messages'],
  ['/users/ann@mail.example.org/keys', '/users/[email]/keys'],
  ['/users/ann%40mail.example.org', '/users/[email]'],
  ['/a/dummy-key/dummy-key', '/a/[key]/[key]'],
  ['/a/%64ummy%2Dkey/b', '/[key]'.slice(1)],
  ['/a%20b', '/a%20b'],
  ['', ''],
])('%j is kept as %j', (text, kept) => {
  expect(recordable(text, rules)).toBe(kept);
});
