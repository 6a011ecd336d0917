import { expect, test } from 'vitest';
import { Unresolved } from '../../../../../src/proxy/references/reference.ts';
import { testResolver } from '../../../../support/references.ts';

const vault = (name: string) => {
  if (name === 'here') return { value: 'sk-value' };
  if (name === 'there') return { reference: 'env:MY_KEY' };
  if (name === 'circle') return { reference: 'credential:circle' };
  throw new Unresolved('there is no such credential');
};

test('a credential of the vault, kept here or elsewhere', async () => {
  const resolver = testResolver({ credential: vault, environment: { MY_KEY: 'sk-other' } });
  expect(await resolver.resolve('credential:here')).toBe('sk-value');
  expect(await resolver.resolve('credential:there')).toBe('sk-other');
  expect(await resolver.trouble('credential:none')).toBe('credential:none: there is no such credential');
  expect(await resolver.trouble('credential:circle')).toBe('credential:circle: it refers to another credential');
  expect(await testResolver().trouble('credential:here')).toBe('credential:here: there is no vault here');
});

// A credential that had been used a moment before its end went on for five minutes.
test.each([{ value: 'sk-value' }, { reference: 'env:MY_KEY' }])('one that expires is not kept beyond that: %j', async (kept) => {
  let untilMs = 0;
  const resolver = testResolver({
    environment: { MY_KEY: 'sk-value' },
    credential: () => {
      if (resolver.clock.now() >= untilMs) throw new Unresolved('it has expired');
      return { ...kept, lifetimeMs: untilMs - resolver.clock.now() };
    },
  });
  untilMs = resolver.clock.now() + 1000;
  expect(await resolver.resolve('credential:here')).toBe('sk-value');
  resolver.clock.advance(1000);
  expect(await resolver.trouble('credential:here')).toBe('credential:here: it has expired');
});

test.each(['credential:', 'credential:A', 'credential:a b'])('%s is none', (reference) => {
  expect(() => testResolver().check(reference)).toThrow('credential:NAME');
});
