import { expect, test } from 'vitest';
import { leaksOf } from '../../support/secret-forms.ts';

const secret = 'sk-ant-api03-QwErTy+/0123?456';

test.each([
  ['plain', (s: string) => s],
  ['hex', (s: string) => Buffer.from(s).toString('hex')],
  ['url', (s: string) => encodeURIComponent(s)],
  ['base64', (s: string) => Buffer.from(s).toString('base64')],
  ['base64 after one byte', (s: string) => Buffer.from(`a${s}zz`).toString('base64')],
  ['base64url after two bytes', (s: string) => Buffer.from(`ab${s}z`).toString('base64url')],
])('%s is found', (_name, encode) => {
  expect(leaksOf(secret, `before ${encode(secret)} after`)).not.toEqual([]);
});

test('what is not there is not found', () => {
  expect(leaksOf(secret, 'sk-ant-api03-another and aGVsbG8gd29ybGQ=')).toEqual([]);
});
