// Profiles in the store: one that is always there, others that come and go.
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { DEFAULT_PROFILE, type Profile } from '../../../src/rules/profile.ts';
import { openStore } from '../../../src/store/open.ts';
import { NoSuchProfile, openProfiles } from '../../../src/store/profiles.ts';
import { scratchFolder } from '../../support/folder.ts';

const WORK: Profile = {
  name: 'work',
  rules: ['+customers', '-phone'],
  vault: ['openai', 'anthropic'],
  requestsPerMinute: 60,
  tokensPerDay: 1_000_000,
  moneyPerDay: 4.5,
  overBudget: 'refuse',
  log: 'none',
  maskedUntilMs: undefined,
};

function setUp(home = scratchFolder()) {
  const store = openStore({ path: join(home, 's.db') });
  onTestFinished(() => store.close());
  return { home, profiles: openProfiles(store) };
}

test('a new store has the default one', () => {
  const { profiles } = setUp();
  expect(profiles.list()).toEqual([DEFAULT_PROFILE]);
  expect(profiles.get('default')).toEqual(DEFAULT_PROFILE);
  expect(profiles.get('work')).toBeUndefined();
  expect(() => profiles.remove('default')).toThrow('the profile «default» is always there');
});

test('what goes in comes out, the default one first', () => {
  const { home, profiles } = setUp();
  profiles.add(WORK);
  profiles.add({ ...WORK, name: 'a' });
  expect(profiles.get('work')).toEqual(WORK);
  expect(setUp(home).profiles.list()).toEqual([DEFAULT_PROFILE, { ...WORK, name: 'a' }, WORK]);
  expect(() => profiles.add(WORK)).toThrow('there is a profile «work» already');
});

test('each part can be changed, of the default one too', () => {
  const { profiles } = setUp();
  const masked = { ...WORK, name: 'default', log: 'masked', maskedUntilMs: 5 } as const;
  profiles.set(masked);
  expect(profiles.list()).toEqual([masked]);
  profiles.set(DEFAULT_PROFILE);
  expect(profiles.list()).toEqual([DEFAULT_PROFILE]);
});

test('one that is not there is neither changed nor removed', () => {
  const { profiles } = setUp();
  expect(() => profiles.set(WORK)).toThrow(NoSuchProfile);
  expect(() => profiles.remove('work')).toThrow('there is no profile «work»: sallyport profile list shows them');
  profiles.add(WORK);
  profiles.remove('work');
  expect(profiles.list()).toEqual([DEFAULT_PROFILE]);
});

test('what another process makes is seen at once, what it changes after a refresh', () => {
  const { home, profiles } = setUp();
  const other = setUp(home).profiles;
  other.add(WORK);
  expect(profiles.get('work')).toEqual(WORK);
  other.set({ ...WORK, log: 'meta' });
  expect(profiles.get('work')).toEqual(WORK);
  profiles.refresh();
  expect(profiles.get('work')).toEqual({ ...WORK, log: 'meta' });
});
