// Hints said `sallyport`, which is in nobody's PATH before it is installed.
import { expect, test } from 'vitest';
import { asTyped } from '../../../cmd/failure.ts';

test.each([
  ['start one with: sallyport start', 'npx sallyport', 'start one with: npx sallyport start'],
  ['sallyport stop, then sallyport start', '/a/$1/sallyport', '/a/$1/sallyport stop, then /a/$1/sallyport start'],
  ['set it, or eval "$(sallyport env)"', 'x', 'set it, or eval "$(x env)"'],
  ['the home /opt/sallyport run is a file', 'x', 'the home /opt/sallyport run is a file'],
  ['sallyport runs already', 'x', 'sallyport runs already'],
])('%j as typed with %s', (text, self, typed) => {
  expect(asTyped(text, self)).toBe(typed);
});
