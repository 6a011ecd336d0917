// Verdicts of several guardrails become one, whatever they are.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fault } from '../../../src/fault.ts';
import { joinEdits, mergeVerdicts, PASS, type Verdict } from '../../../src/rules/guardrail.ts';

const edit = (start: number, end: number, text = 'x') => ({ start, end, text, kind: 'k' });
const edits = (...list: ReturnType<typeof edit>[]): Verdict => ({ action: 'edit', edits: list, findings: [] });
const deny = (rule: string): Verdict => ({ action: 'deny', rule, detail: 'd', findings: [] });

describe('mergeVerdicts', () => {
  test('deny beats edit, and the first one speaks', () => {
    const merged = mergeVerdicts([edits(edit(0, 1)), deny('a'), deny('b'), PASS]);
    expect(merged).toEqual({ edits: [], denied: { rule: 'a', detail: 'd' } });
  });

  test('passing and warning verdicts change nothing', () => {
    const verdicts = fc.array(
      fc.constantFrom<Verdict>(PASS, { action: 'warn', findings: [] }, edits(edit(2, 4)), edits(edit(2, 4)), deny('r')),
    );
    fc.assert(
      fc.property(verdicts, fc.nat(5), (list, at) => {
        const more = list.toSpliced(at, 0, PASS, { action: 'warn', findings: [] });
        expect(mergeVerdicts(more)).toEqual(mergeVerdicts(list));
        expect(mergeVerdicts(list).denied !== undefined).toBe(list.some((v) => v.action === 'deny'));
      }),
    );
  });
});

describe('joinEdits', () => {
  test('puts them in order', () => {
    expect(joinEdits([[edit(5, 6)], [edit(1, 2)]])).toEqual([edit(1, 2), edit(5, 6)]);
  });

  test('one within another falls away', () => {
    expect(joinEdits([[edit(3, 4), edit(9, 10)], [edit(1, 8, 'all')]])).toEqual([edit(1, 8, 'all'), edit(9, 10)]);
  });

  test.each([
    ['cut into each other', [[edit(0, 3)], [edit(2, 5)]]],
    ['differ at one place', [[edit(0, 3)], [edit(0, 3, 'y')]]],
  ])('a fault where they %s', (_, lists) => {
    expect(() => joinEdits(lists)).toThrow(Fault);
  });
});
