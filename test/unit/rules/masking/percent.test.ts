// What stands percent-encoded in a query or a form, and where.
import { expect, test } from 'vitest';
import { findEncoded } from '../../../../src/rules/masking/percent.ts';
import { scannerFor } from '../../../../src/rules/masking/scan.ts';

const scanner = scannerFor(['email']);
const found = (text: string) => {
  const bytes = Buffer.from(text);
  return findEncoded(bytes, scanner).map(({ finding: { start, end }, read }) => [text.slice(start, end), read(start, end)]);
};

test.each([
  ['e=%62ob%40example%2Etest&n=%41', [['%62ob%40example%2Etest', 'bob@example.test']]],
  ['t=write+to+bob%40example.test', [['bob%40example.test', 'bob@example.test']]],
  // A plus that is no blank belongs to the address; what both readings find is found once.
  [
    'e=bob+tag@example.test&f=ann@example.test',
    [
      ['bob+tag@example.test', 'bob+tag@example.test'],
      ['ann@example.test', 'ann@example.test'],
    ],
  ],
  ['e=100%&f=%zz%4&g=a+b', []],
])('%s', (text, expected) => {
  expect(found(text)).toEqual(expected);
});
