// References: any text is one or is refused, and what is refused is not repeated.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Fault } from '../../../src/fault.ts';
import { KINDS, parseReference } from '../../../src/proxy/references/kinds.ts';

const kind = fc.constantFrom(...KINDS.map(({ name }) => name), 'evn', '');
const part = fc.constantFrom(
  'hunter2',
  '/',
  '#',
  '@',
  '..',
  '~',
  ' ',
  '"',
  "'",
  '\\',
  '\0',
  '\n',
  'projects/p/secrets/s',
  'a',
  'eu-west-1',
  '//',
);
const where = fc.oneof(
  fc.array(part, { maxLength: 7 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary' }),
);

test('a text is a reference, or is refused without being repeated', () => {
  fc.assert(
    fc.property(kind, where, (name, text) => {
      try {
        const { kind: found, where: place, shown } = parseReference(`${name}:${text}`);
        expect([found.name, place]).toEqual([name, text]);
        expect(shown.startsWith(`${name}:`)).toBe(true);
        expect(shown).not.toMatch(/[\0\n\r]/);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(Fault);
        expect((thrown as Fault).code).toBe('bad-request');
        expect((thrown as Fault).message).not.toMatch(/hunter2|\n/);
      }
    }),
    { numRuns: 5000 },
  );
});
