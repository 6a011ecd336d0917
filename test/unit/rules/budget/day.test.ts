// Local days, in zones whose clocks change at awkward hours.
import { describe, expect, test } from 'vitest';
import { dayEnd, dayOf, daysBefore, localTime, type Zone } from '../../../../src/rules/budget/day.ts';

const at = (text: string) => Date.parse(text);
/** `before` until an instant, `after` from it on, in minutes. */
const changing =
  (instant: string, before: number, after: number): Zone =>
  (ms) =>
    ms < at(instant) ? before : after;

test('the day is the one on the wall', () => {
  expect(dayOf(at('2026-11-25T23:30:00Z'), () => 0)).toBe('2026-11-25');
  expect(dayOf(at('2026-11-25T23:30:00Z'), () => 60)).toBe('2026-11-26');
  expect(dayOf(at('2026-11-25T00:30:00Z'), () => -300)).toBe('2026-11-24');
  expect(localTime(at('2026-11-25T23:30:00Z'), () => 330)).toBe('2026-11-26 05:00');
});

test('so many days before, across months and leap days', () => {
  expect(daysBefore('2026-11-25', 0)).toBe('2026-11-25');
  expect(daysBefore('2026-03-01', 1)).toBe('2026-02-28');
  expect(daysBefore('2028-03-01', 1)).toBe('2028-02-29');
  expect(daysBefore('2026-01-01', 365)).toBe('2025-01-01');
});

describe('the day ends', () => {
  test.each<[string, Zone, string, string]>([
    ['at midnight', () => 60, '2026-11-25T10:00:00Z', '2026-11-25T23:00:00Z'],
    ['a millisecond after its last one', () => 0, '2026-11-25T23:59:59.999Z', '2026-11-26T00:00:00Z'],
    ['an hour early in spring (Berlin)', changing('2026-03-29T01:00:00Z', 60, 120), '2026-03-29T00:00:00Z', '2026-03-29T22:00:00Z'],
    ['an hour late in autumn (Berlin)', changing('2026-10-25T01:00:00Z', 120, 60), '2026-10-24T23:00:00Z', '2026-10-25T23:00:00Z'],
    // São Paulo until 2019: there was no midnight, and another time there were two.
    ['at one where there is no midnight', changing('2018-11-04T03:00:00Z', -180, -120), '2018-11-03T20:00:00Z', '2018-11-04T03:00:00Z'],
    ['at the second midnight', changing('2018-02-18T02:00:00Z', -120, -180), '2018-02-17T20:00:00Z', '2018-02-18T03:00:00Z'],
    // Samoa went over the date line: no 30 December 2011.
    ['where a day is left out', changing('2011-12-30T10:00:00Z', -600, 840), '2011-12-30T01:00:00Z', '2011-12-30T10:00:00Z'],
  ])('%s', (_, zone, now, end) => {
    expect(new Date(dayEnd(at(now), zone)).toISOString()).toBe(new Date(end).toISOString());
  });
});
