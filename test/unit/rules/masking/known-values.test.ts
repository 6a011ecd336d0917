import { expect, it } from 'vitest';
import { compileKnown, openKnownValues } from '../../../../src/rules/masking/known-values.ts';

const find = (values: readonly string[], text: string, from = 0) =>
  compileKnown(values)
    .find(Buffer.from(text), from)
    .map(({ start, end }) => text.slice(start, end));

it('there is no set while nothing is known, and one object while the same is known', () => {
  const known = openKnownValues();
  expect(known.current()).toBeUndefined();
  known.set('a', ['short', 'localhost']);
  expect(known.current()).toBeUndefined();
  known.set('a', [' vault-value-1 ', 'vault-value-2']);
  const first = known.current();
  expect(first!.find(Buffer.from('x vault-value-1 y'), 0)).toEqual([{ start: 2, end: 15 }]);
  known.set('b', ['vault-value-2']);
  expect(known.current()).toBe(first);
  known.set('b', ['vault-value-3']);
  expect(known.current()).not.toBe(first);
  known.set('a', []);
  known.set('b', []);
  expect(known.current()).toBeUndefined();
});

it('finds values in order and apart, those that overlap as one', () => {
  expect(find(['first-value', 'second-value'], 'second-value, first-value')).toEqual(['second-value', 'first-value']);
  expect(find(['abcd-efgh', 'efgh-ijkl', 'cd-efgh-'], '..abcd-efgh-ijkl..')).toEqual(['abcd-efgh-ijkl']);
  expect(find(['first-value', 'first-value-of-two'], 'first-value-of-two first-value')).toEqual(['first-value-of-two', 'first-value']);
  expect(find(['first-value'], 'first-valuefirst-value')).toEqual(['first-value', 'first-value']);
  expect(find(['first-value'], 'first-value first-value', 1)).toEqual(['first-value']);
});

it('a number is not found in a longer one', () => {
  expect(find(['20991231'], '20991231 x20991231y 120991231 209912310')).toEqual(['20991231', '20991231']);
});
