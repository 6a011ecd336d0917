import { expect, test } from 'vitest';
import { boundedValues } from '../../../src/rules/label-values.ts';

test.each([
  ['claude-opus-4-5', 'claude-opus-4-5'],
  ['publishers/google/models/gemini-3', 'publishers/google/models/gemini-3'],
  ['anthropic.claude-v2:1', 'anthropic.claude-v2:1'],
  ['', 'none'],
  ['two words', 'other'],
  ['line\nbreak', 'other'],
  ['"} 1', 'other'],
  ['-x', 'other'],
  ['é', 'other'],
  ['x'.repeat(80), 'x'.repeat(80)],
  ['x'.repeat(81), 'other'],
])('%j is shown as %j', (text, shown) => {
  expect(boundedValues(10)(text)).toBe(shown);
});

test('the first few are shown for ever, and no further ones', () => {
  const value = boundedValues(2);
  expect(['a', 'b', 'c', 'a', 'b', '', 'c'].map(value)).toEqual(['a', 'b', 'other', 'a', 'b', 'none', 'other']);
});
