// Tokens of commands under `run`: there while the command is, and not much longer whatever happens.
import { expect, test } from 'vitest';
import { openRunTokens } from '../../../cmd/run-tokens.ts';
import type { Tokens } from '../../../src/store/tokens.ts';

const HOUR = 3_600_000;

function setUp(over: Partial<Tokens> = {}) {
  const expiry = new Map<string, number>();
  const clock = { now: 1000 };
  let serial = 0;
  const table: Partial<Tokens> = {
    create: ({ profile, expiresAtMs }) => {
      const id = `${profile}-${++serial}`;
      expiry.set(id, expiresAtMs!);
      return { token: `token of ${id}`, row: { id } as never };
    },
    prolong: (id, expiresAtMs) => void expiry.set(id, expiresAtMs),
    remove: (id) => void expiry.delete(id),
    ...over,
  };
  return { expiry, clock, tokens: openRunTokens(table as Tokens, () => clock.now) };
}

test('one is made for a command, prolonged while it runs, and gone with it', () => {
  const { expiry, clock, tokens } = setUp();
  const one = tokens.issue('work');
  expect(one.token).toBe('token of work-1');
  expect(expiry.get('work-1')).toBe(1000 + 6 * HOUR);
  clock.now += HOUR;
  tokens.renew();
  expect(expiry.get('work-1')).toBe(1000 + 7 * HOUR);
  one.release();
  one.release();
  tokens.renew();
  expect([...expiry]).toEqual([]);
});

test('those left are gone with the daemon, and a command that ends after that is no trouble', () => {
  const { expiry, tokens } = setUp();
  const [one] = [tokens.issue('a'), tokens.issue('b')];
  tokens.close();
  expect([...expiry]).toEqual([]);
  one.release();
});

test('one that cannot be removed is left to expire', () => {
  const { expiry, tokens } = setUp({
    remove: () => {
      throw new Error('disk full');
    },
  });
  tokens.issue('a').release();
  tokens.renew();
  expect(expiry.get('a-1')).toBe(1000 + 6 * HOUR);
});
