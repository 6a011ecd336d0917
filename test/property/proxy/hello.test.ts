import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fault } from '../../../src/fault.ts';
import { readHello } from '../../../src/proxy/ingress/hello.ts';
import { HELLOS, intoRecords } from '../../support/hellos.ts';

const anyHello = fc.constantFrom(...Object.values(HELLOS));

describe('readHello', () => {
  test('says "more" for every prefix and gives the same hello whatever the TLS records', () => {
    fc.assert(
      fc.property(anyHello, fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 20 }), fc.nat(), (raw, sizes, at) => {
        const cut = intoRecords(raw, sizes);
        const whole = readHello(raw)!;
        expect(readHello(cut.subarray(0, at % cut.length))).toBeUndefined();
        expect(readHello(cut)!.parsed).toEqual(whole.parsed);
        expect(readHello(cut)!.ja4).toBe(whole.ja4);
      }),
      { numRuns: 150 },
    );
  });

  test('waits through every single byte of a real hello', () => {
    for (let n = 0; n < HELLOS.opencode.length; n++) expect(readHello(HELLOS.opencode.subarray(0, n))).toBeUndefined();
    expect(readHello(HELLOS.opencode)).toBeDefined();
  });

  test('only ever fails with not-tls, and never reads past a broken hello', () => {
    const edit = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(anyHello, fc.array(edit, { minLength: 1, maxLength: 6 }), (raw, edits) => {
        const bytes = Buffer.from(raw);
        for (const [at, value] of edits) bytes[at % bytes.length] = value;
        orFault(() => readHello(bytes));
      }),
      { numRuns: 1500 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => orFault(() => readHello(Buffer.from(bytes)))),
      { numRuns: 500 },
    );
  });
});

function orFault(run: () => unknown): void {
  try {
    run();
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(Fault);
    expect((thrown as Fault).code).toBe('not-tls');
  }
}
