// docs/errors.md says what the fault table says.
import { expect, test } from 'vitest';
import { errorsDoc } from '../../scripts/errors-doc.ts';
import { FAULTS } from '../../src/fault.ts';
import { readText } from './sources.ts';

test('docs/errors.md is current (else run `node scripts/errors-doc.ts`)', () => {
  expect(readText('docs/errors.md')).toBe(errorsDoc());
});

test('it has a row for every fault', () => {
  const rows = readText('docs/errors.md')
    .split('\n')
    .flatMap((line) => /^\| `([\w-]+)` \| (\d{3}) \|/.exec(line)?.slice(1, 3).join(' ') ?? []);
  expect(rows).toEqual(Object.entries(FAULTS).map(([code, fault]) => `${code} ${fault.status}`));
});
