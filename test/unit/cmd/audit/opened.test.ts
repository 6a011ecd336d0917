// What --since and --limit take.
import { expect, test } from 'vitest';
import { parseLimit, parseSince } from '../../../../cmd/audit/opened.ts';

test.each([
  ['90s', 90_000],
  ['15m', 900_000],
  ['1h', 3_600_000],
  ['7d', 604_800_000],
  ['2w', 1_209_600_000],
])('%s ago', (text, agoMs) => expect(parseSince(text, 2e12)).toBe(2e12 - agoMs));

test('a date, with and without a time; nothing', () => {
  expect(parseSince('2026-01-31', 0)).toBe(Date.UTC(2026, 0, 31));
  expect(parseSince('2026-01-31T10:00:00Z', 0)).toBe(Date.UTC(2026, 0, 31, 10));
  expect(parseSince(undefined, 0)).toBeUndefined();
});

test.each(['', '1', 'h', '1 h', '1y', '-1h', 'yesterday', '2026-13-01', '1234567d'])('«%s» is no time', (text) =>
  expect(() => parseSince(text, 0)).toThrow('--since takes'),
);

test('a limit is a whole number', () => {
  expect(parseLimit('20')).toBe(20);
  for (const text of ['0', '-1', '1.5', 'x', '', '12345678']) expect(() => parseLimit(text)).toThrow('--limit takes');
});
