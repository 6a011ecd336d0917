// Durations as a user types them.
import { expect, test } from 'vitest';
import { parseDuration } from '../../../cmd/duration.ts';

test.each([
  ['90s', 90_000],
  ['15m', 900_000],
  ['12h', 43_200_000],
  ['30d', 2_592_000_000],
  ['never', undefined],
])('%s', (text, ms) => {
  expect(parseDuration(text, 'expires')).toBe(ms);
});

test.each(['', '0d', '1', 'd', '-1d', '1.5h', '1w', '100000d', '1 d', '1d ', 'Never'])(
  '«%s» is refused, with the option’s name',
  (text) => {
    expect(() => parseDuration(text, 'expires')).toThrow(/^--expires takes a number/);
  },
);
