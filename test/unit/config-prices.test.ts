// What the key `prices` may say, and how a mistake in it is told.
import { expect, test } from 'vitest';
import { priceTable } from '../../cmd/usage/price-table.ts';
import { readConfig } from '../../src/config.ts';
import { compilePrices } from '../../src/rules/budget/price.ts';

const load = (yaml: string, environment: Record<string, string> = {}) =>
  readConfig({
    flags: {},
    environment,
    file: { path: '/h/sallyport.yaml', text: `prices:\n${yaml}` },
    home: '/h',
    cwd: '/h',
    userHome: '/u',
    grammar: { hostPattern: String, template: String, kinds: {} },
  }).config;

test('takes prices by a pattern of models, before the built-in ones', () => {
  const priceOf = compilePrices(
    priceTable(load('  claude-opus-5: { input: 1, output: 2, cached_input: 0.5 }\n  mine-*: { input: 0, output: 0, cache_write: 3 }\n')),
  );
  expect(priceOf('claude-opus-5')).toEqual({ input: 1, output: 2, cachedInput: 0.5 });
  expect(priceOf('mine-1')).toEqual({ input: 0, output: 0, cacheWrite: 3 });
  expect(priceOf('claude-opus-4-8')?.input).toBe(5);
  expect(priceOf('another')).toBeUndefined();
});

test('the environment takes the place of the file, as JSON', () => {
  expect(load('  a: { input: 1, output: 2 }\n', { SALLYPORT_PRICES: '{"b":{"input":3,"output":4}}' }).prices).toEqual({
    b: { input: 3, output: 4 },
  });
});

test.each([
  ['  a: { input: 1 }\n', '/h/sallyport.yaml:2: prices.a.output: is missing'],
  [
    '  b: { input: 1, output: 2 }\n  a: { input: 1, output: 2, cached_inputs: 3 }\n',
    '/h/sallyport.yaml:3: prices.a: unknown key «cached_inputs» (did you mean «cached_input»?)',
  ],
  ['  a: { input: "1", output: 2 }\n', '/h/sallyport.yaml:2: prices.a.input: expected number; prices takes prices by a pattern'],
  ['  a: { input: -1, output: 2 }\n', '/h/sallyport.yaml:2: prices.a.input: expected prices by a pattern of models such as {my-model-*:'],
  ['  a: 3\n', '/h/sallyport.yaml:2: prices.a: expected object; prices takes'],
  ['  [1]\n', '/h/sallyport.yaml:1: prices: expected prices by a pattern'],
])('%s is told', (text, line) => {
  expect(() => load(text)).toThrow(line);
});
