import { describe, expect, it } from 'vitest';
import {
  beginsWithPlaceholder,
  hasOpening,
  mayConcernPlaceholders,
  standingIn,
  unfinishedFrom,
  withValues,
} from '../../../../src/rules/masking/placeholder-shape.ts';

const KNOWN: Record<string, string> = { SP_EMAIL_ABCDEFGHIJKL: 'bob', SP_KEY_ABCDEFGHIJKLMNOP: 'long' };
const lookup = (text: string) => KNOWN[text];
const found = (text: string) => standingIn(text, lookup).map(({ start, value }) => `${value}@${start}`);

describe('standingIn', () => {
  it.each([
    ['SP_EMAIL_ABCDEFGHIJKL', ['bob@0']],
    ['xSP_EMAIL_ABCDEFGHIJKL, sp_email_abcdefghijkl', ['bob@1', 'bob@24']],
    ['SP_EMAIL_ABCDEFGHIJKLand more', ['bob@0']],
    ['SP_KEY_ABCDEFGHIJKLMNOP', ['long@0']],
    ['SP_KEY_ABCDEFGHIJKLMNOPQ', ['long@0']],
    ['SP_KEY_ABCDEFGHIJKL', []],
    ['SP_SP_EMAIL_ABCDEFGHIJKL', ['bob@3']],
    ['SP_EMAIL_ABCDEFGHIJKLSP_EMAIL_ABCDEFGHIJKL', ['bob@0', 'bob@21']],
    ['SP_EMAIL_ZZZZZZZZZZZZ', []],
    ['SP_EMAIL_ABC', []],
  ])('%s', (text, expected) => {
    expect(found(text)).toEqual(expected);
  });
});

describe('unfinishedFrom', () => {
  it.each([
    ['words', 4],
    ['wordS', 4],
    ['x SP', 2],
    ['x sp_', 2],
    ['x SP_EM', 2],
    ['x SP_EMAIL_', 2],
    ['x SP_EMAIL_ABCDEFGHIJK', 2],
    ['x SP_EMAIL_ABCDEFGHIJKLMNO', 2],
    ['x SP_EMAIL_ABCDEFGHIJKLMNOP', 27],
    ['x SP_toolongaword', 17],
    ['SP_SP_KEY_AB', 3],
    ['ssss', 3],
    ['SP_EMAIL_AB1', 12],
    ['', 0],
  ])('%j from %i', (text, at) => {
    expect(unfinishedFrom(text, 0)).toBe(at);
  });

  it('looks at nothing before where it is told to begin', () => {
    expect(unfinishedFrom('SP_EMAIL_', 4)).toBe(9);
  });
});

describe('withValues', () => {
  it('puts values in, and lets the end wait unless nothing follows', () => {
    const write = (value: string) => `<${value}>`;
    expect(withValues('a SP_EMAIL_ABCDEFGHIJKL s', lookup, false, write)).toEqual({ text: 'a <bob> ', rest: 's', count: 1 });
    expect(withValues('a SP_EMAIL_ABCDEFGHIJKL s', lookup, true, write)).toEqual({ text: 'a <bob> s', rest: '', count: 1 });
    expect(withValues('plain', lookup, false, write)).toEqual({ text: 'plain', rest: '', count: 0 });
  });
});

describe('the quick looks', () => {
  it('say yes to what could hold a placeholder or the beginning of one at a string’s end', () => {
    const concerns = (text: string) => mayConcernPlaceholders(Buffer.from(text));
    for (const text of ['{"a":"SP_X"}', '{"a":"words"}', '{"a":"xsp"}', '{"a":"sP"', '{"a":"s', '"asp_net"'])
      expect(concerns(text), text).toBe(true);
    for (const text of ['{"a":"so"}', '{"space":"spot"}', '{}', '{"sq":1}']) expect(concerns(text), text).toBe(false);
  });

  it('know an opening and a leading placeholder', () => {
    expect([hasOpening('aSp_'), hasOpening('s p_')]).toEqual([true, false]);
    expect([beginsWithPlaceholder('SP_EMAIL_ABCDEFGHIJKL@x'), beginsWithPlaceholder('x SP_EMAIL_ABCDEFGHIJKL')]).toEqual([true, false]);
  });
});
