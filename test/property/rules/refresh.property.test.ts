import fc from 'fast-check';
import { expect, test } from 'vitest';
import { refreshKey } from '../../../src/rules/refresh.ts';

const text = fc.string({ unit: 'grapheme', minLength: 1 });
const fields = fc.record({ refresh_token: text, client_id: text });
const json = (own: object) => refreshKey('POST', 'json', Buffer.from(JSON.stringify({ ...own, grant_type: 'refresh_token' })));
const form = (own: Record<string, string>) =>
  refreshKey('POST', 'form', Buffer.from(new URLSearchParams({ ...own, grant_type: 'refresh_token' }).toString()));

test('keys are equal exactly where token and client are, however they are written', () => {
  fc.assert(
    fc.property(fields, fields, (a, b) => {
      const isSame = a.refresh_token === b.refresh_token && a.client_id === b.client_id;
      expect(json(a) === form(b)).toBe(isSame);
      expect(json(a)).toBe(form(a));
    }),
  );
});

test('no bytes make it throw, and no key holds a token', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.constantFrom('json' as const, 'form' as const), (bytes, kind) => {
      expect(refreshKey('POST', kind, bytes) ?? '').toMatch(/^([0-9a-f]{64})?$/);
    }),
  );
  fc.assert(
    fc.property(fields, (own) => {
      expect(json(own)).toMatch(/^[0-9a-f]{64}$/);
    }),
  );
});
