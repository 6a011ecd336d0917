// Hints said `sallyport`, which is in nobody's PATH before it is installed.
import { expect, test } from 'vitest';
import { asTyped, explain } from '../../../cmd/failure.ts';

test.each([
  ['start one with: sallyport start', 'npx sallyport', 'start one with: npx sallyport start'],
  ['sallyport stop, then sallyport start', '/a/$1/sallyport', '/a/$1/sallyport stop, then /a/$1/sallyport start'],
  ['set it, or eval "$(sallyport env)"', 'x', 'set it, or eval "$(x env)"'],
  ['the home /opt/sallyport run is a file', 'x', 'the home /opt/sallyport run is a file'],
  ['sallyport runs already', 'x', 'sallyport runs already'],
])('%j as typed with %s', (text, self, typed) => {
  expect(asTyped(text, self, ['start', 'stop', 'env', 'run'])).toBe(typed);
});

// A damaged page was reported as «database disk image is malformed», without a word of which, or what to do.
test.each([
  ['SQLITE_CORRUPT_INDEX', 'the store is damaged: sallyport db check'],
  ['SQLITE_FULL', 'the disk is full'],
  ['SQLITE_BUSY', 'try again'],
  ['SQLITE_READONLY_DIRECTORY', 'cannot be written'],
  ['ENOENT', 'as it says itself'],
])('what SQLite says (%s) is told in our words', (code, words) => {
  expect(explain(Object.assign(new Error('as it says itself'), { code }))).toMatchObject({
    line: expect.stringContaining(words),
    exitCode: 1,
  });
});
