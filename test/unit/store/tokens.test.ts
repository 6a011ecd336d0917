// Client tokens in the store: shown once, kept as a keyed hash, refused from the moment they are revoked or have expired.
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { formatToken, parseToken } from '../../../src/rules/client-token.ts';
import { DEFAULT_PROFILE } from '../../../src/rules/profile.ts';
import { LockedError, openKeyring } from '../../../src/store/keyring.ts';
import { openStore } from '../../../src/store/open.ts';
import { openProfiles } from '../../../src/store/profiles.ts';
import { openTokens } from '../../../src/store/tokens.ts';
import { scratchFolder } from '../../support/folder.ts';

async function setUp(home = scratchFolder()) {
  const store = openStore({ path: join(home, 'sallyport.db') });
  onTestFinished(() => store.close());
  const keyring = await openKeyring({ store, home, environment: {}, now: () => 1 });
  const clock = { now: 1000 };
  const timers: (() => void)[] = [];
  let serial = 0;
  const tokens = openTokens({
    store,
    keyring,
    now: () => clock.now,
    random: (bytes) => Buffer.alloc(bytes, ++serial),
    schedule: (task) => {
      timers.push(task);
      return () => void timers.splice(timers.indexOf(task), 1);
    },
  });
  const create = (over = {}) => tokens.create({ profile: 'default', expiresAtMs: undefined, note: '', ...over });
  return { home, store, tokens, clock, timers, create };
}

describe('a token', () => {
  test('is valid once made, in another process too, and is told of without what it is', async () => {
    const { home, tokens, create } = await setUp();
    const { token, row } = create({ note: 'CI', expiresAtMs: 5000 });
    expect(row).toEqual({
      id: '01010101',
      profile: 'default',
      createdAtMs: 1000,
      expiresAtMs: 5000,
      revokedAtMs: undefined,
      lastUsedAtMs: undefined,
      note: 'CI',
    });
    expect(tokens.list()).toEqual([row]);
    expect((await setUp(home)).tokens.check(token)).toEqual({ state: 'valid', id: row.id, profile: 'default' });
  });

  test('is not in the store, nor is its secret', async () => {
    const { home, tokens, create } = await setUp();
    const { token } = create();
    tokens.check(token);
    const files = readdirSync(home).map((name) => readFileSync(join(home, name)));
    expect(files.length).toBeGreaterThan(1);
    const secret = parseToken(token)!.secret;
    for (const bytes of files) expect([bytes.indexOf(secret), bytes.indexOf(Buffer.from(secret, 'hex'))]).toEqual([-1, -1]);
  });

  test.each([
    ['mistyped', (token: string) => `${token.slice(0, -1)}${token.endsWith('0') ? '1' : '0'}`],
    ['mistyped', () => ''],
    ['unknown', (token: string) => formatToken({ ...parseToken(token)!, secret: 'ab'.repeat(32) })],
    ['unknown', (token: string) => formatToken({ ...parseToken(token)!, id: 'ffffffff' })],
  ])('that is another one is %s', async (state, other) => {
    const { tokens, create } = await setUp();
    expect(tokens.check(other(create().token))).toEqual({ state });
  });

  test('whose hash was moved to another row is unknown', async () => {
    const { store, tokens, create } = await setUp();
    const [one, two] = [create(), create()];
    store.db
      .prepare('UPDATE client_tokens SET mac = (SELECT mac FROM client_tokens WHERE id = ?) WHERE id = ?')
      .run(one.row.id, two.row.id);
    expect(tokens.check(formatToken({ ...parseToken(one.token)!, id: two.row.id }))).toEqual({ state: 'unknown' });
  });

  test('expires at its time, and can be prolonged', async () => {
    const { tokens, clock, create } = await setUp();
    const { token, row } = create({ expiresAtMs: 5000 });
    clock.now = 4999;
    expect(tokens.check(token).state).toBe('valid');
    expect(tokens.standing(row.id)).toEqual({ state: 'valid', id: row.id, profile: 'default' });
    clock.now = 5000;
    expect(tokens.check(token).state).toBe('expired');
    expect(tokens.standing(row.id).state).toBe('expired');
    tokens.prolong(row.id, 6000);
    expect(tokens.check(token).state).toBe('valid');
  });

  test('that another process revokes is refused at once; of one that never was nothing is revoked', async () => {
    const { home, tokens, create } = await setUp();
    const { token, row } = create({ expiresAtMs: 2000 });
    const other = (await setUp(home)).tokens;
    expect(other.revoke(row.id)).toBe(true);
    expect(tokens.check(token)).toEqual({ state: 'revoked' });
    expect(tokens.standing(row.id)).toEqual({ state: 'revoked' });
    expect(tokens.list()[0]?.revokedAtMs).toBe(1000);
    expect(tokens.revoke('ffffffff')).toBe(false);
  });

  test('that was removed is not known', async () => {
    const { tokens, create } = await setUp();
    const { token, row } = create();
    tokens.remove(row.id);
    expect(tokens.check(token)).toEqual({ state: 'unknown' });
    expect(tokens.standing(row.id)).toEqual({ state: 'unknown' });
  });

  test('is of a profile that is there, and goes with it', async () => {
    const { store, tokens, create } = await setUp();
    expect(() => create({ profile: 'work' })).toThrow('there is no profile «work»');
    const profiles = openProfiles(store);
    profiles.add({ ...DEFAULT_PROFILE, name: 'work' });
    const { token } = create({ profile: 'work' });
    expect(tokens.check(token)).toMatchObject({ profile: 'work' });
    profiles.remove('work');
    expect(tokens.check(token)).toEqual({ state: 'unknown' });
  });
});

describe('the last use', () => {
  test('is written down a while later, and at the end', async () => {
    const { tokens, clock, timers, create } = await setUp();
    const { token } = create();
    tokens.check(token);
    clock.now = 1500;
    tokens.check(token);
    expect(timers).toHaveLength(1);
    expect(tokens.list()[0]?.lastUsedAtMs).toBeUndefined();
    timers.pop()!();
    expect(tokens.list()[0]?.lastUsedAtMs).toBe(1500);
    clock.now = 2000;
    tokens.check(token);
    tokens.close();
    expect(tokens.list()[0]?.lastUsedAtMs).toBe(2000);
    expect(timers).toEqual([]);
  });

  test('that meets another process’s change is not waited for, and written with the next one', async () => {
    const { home, store, tokens, timers, create } = await setUp();
    const { token } = create();
    const { store: other } = await setUp(home);
    other.db.exec('BEGIN IMMEDIATE');
    tokens.check(token);
    timers.pop()!();
    expect(store.db.pragma('busy_timeout', { simple: true })).toBe(5000);
    expect(tokens.list()[0]?.lastUsedAtMs).toBeUndefined();
    other.db.exec('COMMIT');
    tokens.close();
    expect(tokens.list()[0]?.lastUsedAtMs).toBe(1000);
  });

  test('that cannot be written down costs nobody an answer', async () => {
    const { store, tokens, timers, create } = await setUp();
    const { token } = create();
    tokens.check(token);
    store.db.pragma('query_only = ON');
    timers.pop()!();
    expect(tokens.check(token).state).toBe('valid');
  });
});

test('while the vault is locked no token is made and none is taken', async () => {
  const first = await setUp();
  const { token, row } = first.create();
  rmSync(join(first.home, 'sallyport.key'));
  const { tokens, create } = await setUp(first.home);
  expect(() => create()).toThrow(LockedError);
  expect(tokens.check(token)).toEqual({ state: 'unchecked' });
  expect(tokens.check('sp_')).toEqual({ state: 'mistyped' });
  expect(tokens.list()).toEqual([row]);
});

test('a failure that is none of the vault’s is not taken for one', async () => {
  const { store } = await setUp();
  const broken = {
    ownKey: () => {
      throw new TypeError('a mistake');
    },
  };
  const tokens = openTokens({ store, keyring: broken as never, now: () => 1, random: (n) => Buffer.alloc(n), schedule: () => () => {} });
  expect(() => tokens.check(formatToken({ id: '00000000', secret: '0'.repeat(64) }))).toThrow(TypeError);
});
