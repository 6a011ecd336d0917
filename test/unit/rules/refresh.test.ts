import { expect, test } from 'vitest';
import type { ContentKind } from '../../../src/rules/content.ts';
import { refreshKey } from '../../../src/rules/refresh.ts';

const FIELDS = { grant_type: 'refresh_token', refresh_token: 'rt-1', client_id: 'cli' };
const key = (kind: ContentKind, text: string, method = 'POST') => refreshKey(method, kind, Buffer.from(text));
const json = (fields: unknown) => key('json', JSON.stringify(fields));
const form = (fields: Record<string, string>) => key('form', new URLSearchParams(fields).toString());

test('a refresh has a hash as its key, the same in JSON and in a form, in any order', () => {
  expect(json(FIELDS)).toMatch(/^[0-9a-f]{64}$/);
  expect(form(FIELDS)).toBe(json(FIELDS));
  expect(json({ scope: 'a b', client_id: 'cli', refresh_token: 'rt-1', grant_type: 'refresh_token' })).toBe(json(FIELDS));
});

test.each(['refresh_token', 'client_id', 'client_secret'])('another %s is another key', (name) => {
  expect(json({ ...FIELDS, [name]: 'other' })).not.toBe(json(FIELDS));
  expect(form({ ...FIELDS, [name]: 'other' })).not.toBe(form(FIELDS));
});

test('a client may have no id', () => {
  expect(json({ grant_type: 'refresh_token', refresh_token: 'rt-1' })).toMatch(/^[0-9a-f]{64}$/);
});

test.each([
  ['another method', key('json', JSON.stringify(FIELDS), 'GET')],
  ['another grant', json({ ...FIELDS, grant_type: 'authorization_code' })],
  ['no grant', form({ refresh_token: 'rt-1' })],
  ['no token', json({ grant_type: 'refresh_token' })],
  ['an empty token', form({ ...FIELDS, refresh_token: '' })],
  ['a token that is no text', json({ ...FIELDS, refresh_token: 1 })],
  ['an id that is no text', json({ ...FIELDS, client_id: [] })],
  ['a token twice', key('form', `${new URLSearchParams(FIELDS)}&refresh_token=rt-2`)],
  ['a grant twice', key('form', `${new URLSearchParams(FIELDS)}&grant_type=password`)],
  ['another type', key('text', JSON.stringify(FIELDS))],
  ['broken JSON', key('json', '{"grant_type":')],
  ['JSON that is no object', key('json', 'null')],
  ['JSON that is a text', key('json', '"refresh_token"')],
])('%s: no refresh', (_name, found) => {
  expect(found).toBeUndefined();
});
