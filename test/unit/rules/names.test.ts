// Patterns of names: any case, a star for any characters.
import { expect, it } from 'vitest';
import { compileNames } from '../../../src/rules/names.ts';

it.each([
  ['a', 'A', true],
  ['a', 'ab', false],
  ['*', '', true],
  ['a*', 'abc', true],
  ['*c', 'abc', true],
  ['a*a', 'a', false],
  ['ab*ba', 'aba', false],
  ['a*b*c', 'a-b-c', true],
  ['a*b*c', 'a-c', false],
  ['a*bc*c', 'a-bc', false],
  ['a*b*b*c', 'abc', false],
  ['b*', 'abc', false],
  ['*b', 'abc', false],
])('pattern %s and name %s: %s', (pattern, name, yes) => {
  expect(compileNames([pattern])(name)).toBe(yes);
});
