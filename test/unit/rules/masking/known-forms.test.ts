import { expect, it } from 'vitest';
import { formsOf, isOrdinary, isWorthKnowing } from '../../../../src/rules/masking/known-forms.ts';

it.each(['kT9-vault-77!', 'zebra quartz 12', 'postgres://u:p@h/db', 'ünïcode-wörd', '20991231'])('«%s» is worth knowing', (value) => {
  expect(isWorthKnowing(value)).toBe(true);
});

it.each(['short-1', 'localhost', 'Password', 'xxxxxxxxxxxx', '0101010101', 'a'.repeat(70_000), 'SP_SECRET_ABCDEFGHABCD'])(
  '«%.20s» is not',
  (value) => {
    expect(isWorthKnowing(value)).toBe(false);
  },
);

it.each(['development', '/usr/local/bin', '~/.config/x', 'db.internal.example:5432', 'https://api.example.com/v1', 'redis://cache:6379'])(
  '%s is ordinary',
  (value) => {
    expect(isOrdinary(value)).toBe(true);
  },
);

it.each(['correct horse', 'kT9-vault-77', 'postgres://u:p@h/db', 'https://x.example/?k=abc', 'zebra-quartz-7'])(
  '%s is not ordinary',
  (value) => {
    expect(isOrdinary(value)).toBe(false);
  },
);

it('is written in JSON, percent-encoded, in hex and in base64 at each place', () => {
  const value = 'a/b="ö" <+>\n~~~';
  const forms = formsOf(value).map((form) => Buffer.from(form, 'latin1').toString());
  const once = JSON.stringify(value).slice(1, -1);
  for (const form of [
    value,
    once,
    JSON.stringify(once).slice(1, -1),
    once.replaceAll('/', '\\/'),
    once.replace('ö', '\\u00f6'),
    once.replace('ö', '\\u00F6').replace('<', '\\u003C').replace('>', '\\u003E').replace('+', '\\u002B').replace('=', '\\u003D'),
    encodeURIComponent(value),
    encodeURIComponent(value).toLowerCase(),
    encodeURIComponent(value).replace('%20', '+'),
    Buffer.from(value).toString('hex'),
    Buffer.from(value).toString('hex').toUpperCase(),
  ])
    expect(forms).toContain(form);
  for (let before = 0; before < 6; before++)
    for (let after = 0; after < 4; after++)
      for (const how of ['base64', 'base64url'] as const) {
        const text = Buffer.concat([Buffer.alloc(before, 'é'), Buffer.from(value), Buffer.alloc(after, '§')]).toString(how);
        expect(forms.some((form) => text.includes(form))).toBe(true);
      }
  expect(new Set(forms).size).toBe(forms.length);
  expect(formsOf('\ud800 lone surrogate')).toContain(Buffer.from('\ufffd lone surrogate').toString('latin1'));
});
