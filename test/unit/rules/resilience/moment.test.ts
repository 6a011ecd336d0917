import { describe, expect, test } from 'vitest';
import { msUntil, vendorNow } from '../../../../src/rules/resilience/moment.ts';

const DAY = 86_400_000;
const NOW = Date.parse('2025-10-01T12:00:00Z');

test.each<[string, number]>([
  ['0', 0],
  ['5', 5_000],
  ['1.5', 1_500],
  [' 20 ', 20_000],
  ['86400', DAY],
  ['999999999', DAY],
  ['6m0s', 360_000],
  ['120ms', 120],
  ['12.5ms', 13],
  ['1s', 1_000],
  ['7.66s', 7_660],
  ['2m59.56s', 179_560],
  ['1h2m3s', 3_723_000],
  ['1d', DAY],
  ['3d4h', DAY],
  ['1s500ms', 1_500],
  ['2025-10-01T12:00:30Z', 30_000],
  ['2025-10-01T12:00:30.250Z', 30_250],
  ['2025-10-01t14:00:30+02:00', 30_000],
  ['2025-10-01T11:59:00Z', 0],
  ['2099-01-01T00:00:00Z', DAY],
  ['Wed, 01 Oct 2025 12:00:10 GMT', 10_000],
  ['Wednesday, 01-Oct-25 12:00:10 GMT', 10_000],
  ['Wed Oct  1 12:00:10 2025 GMT', 10_000],
  [String(NOW / 1_000 + 15), 15_000],
  [String(NOW + 15_000), 15_000],
])('%s is %i ms', (text, ms) => {
  expect(msUntil(text, NOW)).toBe(ms);
});

test.each([
  '',
  ' ',
  '-1',
  '-5s',
  'NaN',
  'Infinity',
  '1e9',
  '0x10',
  '5 s',
  's',
  'm5',
  '5s6h',
  '5x',
  '9'.repeat(40),
  'x'.repeat(100),
  '2025-13-99T99:99:99Z',
  'Wed, soon',
  'tomorrow',
])('"%s" is nothing', (text) => {
  expect(msUntil(text, NOW)).toBeUndefined();
});

test('what is absent is nothing', () => {
  expect(msUntil(undefined, NOW)).toBeUndefined();
});

describe('the clock of the vendor', () => {
  test('is what its Date says, or ours', () => {
    expect(vendorNow(['Date', 'Wed, 01 Oct 2025 11:00:00 GMT'], NOW)).toBe(NOW - 3_600_000);
    expect(vendorNow([], NOW)).toBe(NOW);
    expect(vendorNow(['date', 'soon'], NOW)).toBe(NOW);
    expect(vendorNow(['date', 'Wed, soon'], NOW)).toBe(NOW);
  });
});
