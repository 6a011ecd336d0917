import { describe, expect, it } from 'vitest';
import { compileReturnRules } from '../../../../src/rules/masking/return-rules.ts';
import { testPlaceholders } from '../../../support/masking.ts';

const placeholders = testPlaceholders();
const EMAIL = placeholders.placeholderFor('EMAIL', 'e');
const KEY = placeholders.placeholderFor('KEY', 'k');
const OWN = placeholders.placeholderFor('OWN', 'o');

describe('rules of return', () => {
  it('are none where nothing is limited', () => {
    expect(compileReturnRules({}, [])).toBeUndefined();
    expect(compileReturnRules({ email: 'everything' }, [])).toBeUndefined();
  });

  it('go by what the placeholder stands for, in any case', () => {
    const source = compileReturnRules({ email: 'text', secrets: 'none' }, [])!(placeholders);
    expect(source.size).toBe(3);
    expect(source.asksForCalls).toBe(true);
    expect([source.valueOf(EMAIL), source.valueOf(EMAIL.toLowerCase()), source.valueOf(EMAIL, 'x')]).toEqual(['e', 'e', undefined]);
    expect(source.valueOf(KEY)).toBeUndefined();
    expect([source.valueOf(OWN), source.valueOf(OWN, '')]).toEqual(['o', 'o']);
    expect(compileReturnRules({ secrets: 'none' }, [])!(placeholders).asksForCalls).toBe(false);
  });

  it('keep placeholders from tools by name, and from tools without one', () => {
    const source = compileReturnRules({}, ['WebFetch', '*curl*'])!(placeholders);
    expect(['webfetch', 'my_curl_2', '', 'Bash'].map((tool) => source.valueOf(KEY, tool))).toEqual([undefined, undefined, undefined, 'k']);
    expect(source.valueOf(KEY)).toBe('k');
  });
});
