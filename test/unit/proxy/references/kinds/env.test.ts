import { expect, test } from 'vitest';
import { testResolver } from '../../../../support/references.ts';

test('a variable of the environment', async () => {
  const resolver = testResolver({ environment: { MY_KEY: 'sk-value', EMPTY: '' } });
  expect(await resolver.resolve('env:MY_KEY')).toBe('sk-value');
  expect(await resolver.trouble('env:OTHER')).toBe('env:OTHER: the variable is not set');
  expect(await resolver.trouble('env:EMPTY')).toBe('env:EMPTY: the variable is empty');
});

test.each(['env:A-B', 'env:1A', 'env:A B', 'env:A=', 'env: A'])('%s is none', (reference) => {
  expect(() => testResolver().check(reference)).toThrow('env:NAME');
});
