// Prices by pattern, what tokens cost by them, and the built-in table.
import { expect, test } from 'vitest';
import { compilePrices, costOf, dollars, rounded } from '../../../../src/rules/budget/price.ts';
import { PRICES } from '../../../../src/rules/prices.ts';

const NO_TOKENS = { tokensIn: 0, cachedIn: 0, cacheWriteIn: 0, tokensOut: 0 };
const MILLION = 1_000_000;

test('the first pattern that matches holds, in any case', () => {
  const priceOf = compilePrices([
    ['My-Model-2*', { input: 1, output: 2 }],
    ['my-*', { input: 3, output: 4 }],
  ]);
  expect(priceOf('my-model-2026')).toEqual({ input: 1, output: 2 });
  expect(priceOf('my-model-3')).toEqual({ input: 3, output: 4 });
  expect(priceOf('other')).toBeUndefined();
  expect(priceOf('other')).toBeUndefined();
});

test('names of all kinds do not fill the memory', () => {
  const priceOf = compilePrices([['m-7*', { input: 1, output: 1 }]]);
  for (let i = 0; i < 2500; i++) expect(priceOf(`m-${i}`) !== undefined).toBe(String(i).startsWith('7'));
});

test('cached tokens have prices of their own, or cost what others do', () => {
  const tokens = { tokensIn: 10 * MILLION, cachedIn: 6 * MILLION, cacheWriteIn: 3 * MILLION, tokensOut: MILLION };
  expect(costOf({ input: 2, output: 10, cachedInput: 0.5, cacheWrite: 3 }, tokens)).toBe(2 + 3 + 9 + 10);
  expect(costOf({ input: 2, output: 10 }, tokens)).toBe(30);
  expect(costOf({ input: 2, output: 10 }, NO_TOKENS)).toBe(0);
  // A reply that counts them beside the tokens in: no tokens are taken away twice.
  expect(costOf({ input: 2, output: 0, cachedInput: 1 }, { ...NO_TOKENS, tokensIn: MILLION, cachedIn: 2 * MILLION })).toBe(2);
});

test('amounts that make a dollar are a dollar', () => {
  expect(rounded(Array.from({ length: 10 }, () => 0.1).reduce((a, b) => a + b, 0))).toBe(1);
  expect([0, 0.0004, 0.5, 12.345].map(dollars)).toEqual(['$0.00', '$0.000400', '$0.50', '$12.35']);
});

test.each([
  ['claude-opus-4-5-20251101', 5],
  ['claude-opus-4-5', 5],
  ['anthropic/claude-opus-4.5', 5],
  ['us.anthropic.claude-opus-4-1-20250805-v1:0', 15],
  ['claude-sonnet-4-20250514', 3],
  ['claude-sonnet-5[1m]', 2],
  ['claude-sonnet-4@20250514', 3],
  ['claude-haiku-4.5', 1],
  ['openai/gpt-6-sol', 2],
  ['GPT-5-Codex', 1.25],
])('%s costs %d for a million tokens in', (model, input) => {
  expect(compilePrices(PRICES)(model)?.input).toBe(input);
});

test.each(['claude-opus-5-9', 'claude-haiku-5-5', 'gpt-5', 'gpt-6-sol-mini', 'gemini-3-pro', ''])('%s has no price', (model) => {
  expect(compilePrices(PRICES)(model)).toBeUndefined();
});

test('no built-in price is one that was mistyped', () => {
  for (const [pattern, { input, output, cachedInput, cacheWrite }] of PRICES) {
    expect(output / input, pattern).toBeGreaterThanOrEqual(4);
    expect(output / input, pattern).toBeLessThanOrEqual(8);
    expect(cachedInput! / input, pattern).toBeLessThanOrEqual(0.1);
    expect([1, 1.25], pattern).toContain(rounded(cacheWrite! / input));
  }
});
