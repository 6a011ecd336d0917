// Masking and restoring are each other's inverse on whatever a body holds, at every depth, and masking touches nothing else.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chat } from '../../../../src/rules/dialects/chat.ts';
import { opaque } from '../../../../src/rules/dialects/opaque.ts';
import { applyEdits, createMasker } from '../../../../src/rules/masking/mask.ts';
import { createReplyRestorer } from '../../../../src/rules/masking/restore.ts';
import { type Finding, findSecrets } from '../../../../src/rules/masking/scan.ts';
import { documents, oddJson, testPlaceholders, texts, understood, values } from '../../../support/masking.ts';

/** Which characters are escaped without need. */
const escaping = fc.array(fc.boolean(), { minLength: 1, maxLength: 7 }).map((list) => (n: number) => list[n % list.length]!);

const actions = { email: 'mask', secrets: 'mask' } as const;

function setUp() {
  const placeholders = testPlaceholders();
  const masker = createMasker({ placeholders, actions });
  const restore = (kind: 'json' | 'text', bytes: Buffer) => {
    const restorer = createReplyRestorer(kind, opaque, placeholders);
    return Buffer.concat([restorer.push(bytes), restorer.end()]);
  };
  return { placeholders, masker, restore };
}

/** How many stretches are replaced for these: a key is replaced line by line. */
function stretches(found: readonly Finding[]): number {
  return found.reduce((n, { parts }) => n + (parts?.length ?? 1), 0);
}

const total = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((a, b) => a + b, 0);

describe('a masked JSON body', () => {
  it('parses, is restored to what it was, and masking it again changes nothing', () => {
    fc.assert(
      fc.property(documents, escaping, fc.constantFrom(undefined, 2), (document, odd, space) => {
        const { masker, restore } = setUp();
        const body = Buffer.from(space === undefined ? oddJson({ document }, odd) : JSON.stringify({ document }, undefined, space));
        const scan = masker.json(body, opaque);
        const masked = applyEdits(body, scan.edits);
        const parsed = JSON.parse(masked.toString());
        const found = findSecrets(body.toString(), ['email', 'secrets']);
        expect(scan.edits.length).toBe(stretches(found));
        expect(total(scan.counts)).toBe(found.length);
        expect(understood(JSON.parse(restore('json', masked).toString()))).toEqual(understood(JSON.parse(body.toString())));
        expect(masker.json(masked, opaque).edits).toEqual([]);
        expect(understood(parsed)).toBeDefined();
      }),
      { numRuns: 1000 },
    );
  });

  it('holds none of the values that stood between spaces', () => {
    fc.assert(
      fc.property(fc.array(values, { minLength: 1, maxLength: 5 }), fc.nat(4), escaping, (list, depth, odd) => {
        const { masker } = setUp();
        let text = list.map((value) => ` ${value} `).join('|');
        for (let i = 0; i < depth; i++) text = JSON.stringify({ text });
        const body = Buffer.from(oddJson({ text }, odd));
        const { edits, counts } = masker.json(body, chat);
        expect(edits).toHaveLength(stretches(findSecrets(body.toString(), ['email', 'secrets'])));
        expect(total(counts)).toBe(list.length);
        // One value, one placeholder; two values, two.
        const whole = edits.map((edit) => edit.text).filter((text) => !text.startsWith('SP_PEM_'));
        expect(new Set(whole).size).toBe(new Set(list.filter((value) => !value.startsWith('-----BEGIN'))).size);
        expect(masker.json(applyEdits(body, edits), chat).counts).toEqual({});
      }),
      { numRuns: 500 },
    );
  });

  it('leaves every other byte alone', () => {
    fc.assert(
      fc.property(documents, (document) => {
        const { masker } = setUp();
        const body = Buffer.from(JSON.stringify(document));
        const { edits } = masker.json(body, opaque);
        const masked = applyEdits(body, edits);
        let from = 0;
        let to = 0;
        for (const { start, end, text } of edits) {
          expect(masked.subarray(to, to + start - from).equals(body.subarray(from, start))).toBe(true);
          to += start - from + text.length;
          from = end;
        }
        expect(masked.subarray(to).equals(body.subarray(from))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('is the same with and without memory of the turns before', () => {
    const turn = fc.array(texts, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(fc.array(turn, { minLength: 2, maxLength: 4 }), fc.nat(3), (turns, changed) => {
        const { masker, placeholders } = setUp();
        const messages: unknown[] = [];
        for (const [i, parts] of turns.entries()) {
          // Enough filling for marks to be made on the way.
          messages.push({
            role: 'user',
            content: [...parts.map((text) => ({ type: 'text', text })), { type: 'text', text: 'word '.repeat(9000) }],
          });
          if (i === changed) messages.splice(0, 1, { role: 'system', content: 'changed bob@example.test' });
          const body = Buffer.from(JSON.stringify({ model: 'm', messages, tools: [{ name: 'x', owner: 'ana@example.test' }] }));
          expect(masker.json(body, chat)).toEqual(createMasker({ placeholders, actions }).json(body, chat));
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('a masked text', () => {
  it('is restored to what it was, and masking it again changes nothing', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const { masker, restore } = setUp();
        const body = Buffer.from(text);
        const masked = applyEdits(body, masker.text(body).edits);
        expect(restore('text', masked).equals(body)).toBe(true);
        expect(masker.text(masked).edits).toEqual([]);
        const value = masker.value(text);
        expect(Buffer.from(value.text).equals(masked)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('is scanned the same as text, as bytes and as JSON', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), texts, (noise, text) => {
        const whole = `${noise.toWellFormed()} ${text}`;
        const found = findSecrets(whole, ['email', 'secrets']);
        for (const { start, maskStart, end } of found) {
          expect(0 <= start && start <= maskStart && maskStart < end && end <= whole.length).toBe(true);
          expect(whole.slice(start, end)).not.toContain('"');
        }
        const { masker } = setUp();
        expect(masker.json(Buffer.from(JSON.stringify({ whole })), opaque).edits).toHaveLength(stretches(found));
      }),
      { numRuns: 500 },
    );
  });

  it('that is no UTF-8 keeps its bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 30 }), values, fc.uint8Array({ maxLength: 30 }), (before, value, after) => {
        const { masker, restore } = setUp();
        const body = Buffer.concat([before, Buffer.from(` ${value} `), after]);
        const masked = applyEdits(body, masker.text(body).edits);
        expect(restore('text', masked).equals(body)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
