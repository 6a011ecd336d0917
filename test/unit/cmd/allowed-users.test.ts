// Whose programs need no token, by what `allow_uids` says and what the system can tell.
import { expect, test } from 'vitest';
import { allowedUsers, ownNeedToken } from '../../../cmd/allowed-users.ts';
import { checkAccess } from '../../../cmd/doctor/access.ts';
import type { Config } from '../../../src/config.ts';

type Allowed = Config['allow_uids'];

test.each<[Allowed, Record<string, boolean>]>([
  [['self'], { 1000: true, 1001: false, untold: true, absent: false }],
  [[1001], { 1000: false, 1001: true, untold: false, absent: false }],
  [['self', 1001], { 1000: true, 1001: true, untold: true, absent: false }],
  [['any'], { 1000: true, 1001: true, untold: true, absent: false }],
  [[], { 1000: false, 1001: false, untold: false, absent: false }],
])('%j', (allowed, expected) => {
  const { needsNoToken } = allowedUsers(
    () => allowed,
    1000,
    () => Promise.resolve('absent'),
  );
  const said = Object.keys(expected).map((user) => [user, needsNoToken(user === 'untold' || user === 'absent' ? user : Number(user))]);
  expect(Object.fromEntries(said)).toEqual(expected);
});

test('a system without user ids has nobody who is told apart', () => {
  const { needsNoToken } = allowedUsers(
    () => ['self'],
    undefined,
    () => Promise.resolve('untold'),
  );
  expect([needsNoToken('untold'), needsNoToken(0)]).toEqual([true, false]);
});

test('nothing is looked up where it would change nothing', async () => {
  let asked = 0;
  const of = (allowed: Allowed) =>
    allowedUsers(
      () => allowed,
      1000,
      async () => ++asked,
    ).peerUser({});
  expect([await of(['any']), await of([]), asked]).toEqual(['untold', 'untold', 0]);
  expect(await of(['self'])).toBe(1);
});

test.each<[Partial<Config>, boolean]>([
  [{ allow_uids: ['self'] }, false],
  [{ allow_uids: ['any'] }, false],
  [{ allow_uids: [1000] }, false],
  [{ allow_uids: [1001] }, true],
  [{ allow_uids: [] }, true],
  [{ allow_uids: [], proxy_auth: 'me:secret' }, false],
])('whether our own programs need one: %j', (config, needs) => {
  expect(ownNeedToken({ proxy_auth: undefined, ...config } as Config, 1000)).toBe(needs);
});

test.each<[Partial<Config>, boolean, string, string]>([
  [{ allow_uids: ['self', 1001] }, true, 'ok', 'programs of user 1000, user 1001 on this machine; whoever else has a token'],
  [{ allow_uids: ['self'] }, false, 'warn', 'every user of this machine: the system does not tell whose program connects'],
  [{ allow_uids: ['any'] }, true, 'warn', 'every user of this machine, without a token'],
  [{ allow_uids: [] }, false, 'ok', 'whoever has a token, and nobody else'],
  [{ allow_uids: ['any'], proxy_auth: 'me:secret' }, true, 'ok', 'whoever has the password of proxy_auth or a token'],
])('doctor says so: %j', (config, tells, state, text) => {
  expect(checkAccess({ proxy_auth: undefined, ...config } as Config, 1000, tells)).toMatchObject({ state, text });
});
