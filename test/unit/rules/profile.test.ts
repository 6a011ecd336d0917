// Profiles: what may be a name, and whose entries of the vault are open to whom.
import { expect, test } from 'vitest';
import { capturesBodies, DEFAULT_PROFILE, isProfileName, mayUseEntry } from '../../../src/rules/profile.ts';

test.each(['work', 'ci-2', 'a', 'team.red_1'])('%s is a name', (name) => {
  expect(isProfileName(name)).toBe(true);
});

test.each(['', 'Work', '-a', 'a b', 'a:b', 'a@b', 'ü', 'a'.repeat(33), 'a\n'])('%j is none', (name) => {
  expect(isProfileName(name)).toBe(false);
});

test('a profile uses the entries it names, and with * all of them', () => {
  expect(mayUseEntry(DEFAULT_PROFILE, 'openai')).toBe(true);
  const few = { ...DEFAULT_PROFILE, vault: ['openai'] };
  expect(mayUseEntry(few, 'openai')).toBe(true);
  expect(mayUseEntry(few, 'anthropic')).toBe(false);
  expect(mayUseEntry({ ...few, vault: [] }, 'openai')).toBe(false);
});

test('bodies are kept where that was asked for, and until then', () => {
  const keeps = (over: object) => capturesBodies({ ...DEFAULT_PROFILE, ...over }, 1000);
  expect(keeps({})).toBe(false);
  expect(keeps({ maskedUntilMs: 2000 })).toBe(false);
  expect(keeps({ log: 'masked' })).toBe(false);
  expect(keeps({ log: 'masked', maskedUntilMs: 1000 })).toBe(false);
  expect(keeps({ log: 'masked', maskedUntilMs: 1001 })).toBe(true);
});
