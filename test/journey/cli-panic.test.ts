// The emergency stop, a CA that is made anew, and the status that is shown again and again.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { FREE, json, newUser } from '../support/sallyport.ts';

const line = (text: string) => expect.stringContaining(text);

describe('panic', { timeout: 90_000 }, () => {
  test('stops the daemon, revokes tokens and locks the vault until it is unlocked; nothing is lost', async () => {
    const user = newUser();
    expect((await user.run(['start', ...FREE])).code).toBe(0);
    expect((await user.run(['token', 'create'])).code).toBe(0);
    expect((await user.run(['vault', 'set', 'a', '--host', 'a.test'], { input: 'tulip' })).code).toBe(0);
    const ran = json<{ stopped: boolean; revoked: string[]; locked: boolean; trouble: string[] }>(
      (await user.run(['panic', '--json'])).stdout,
    );
    expect(ran).toMatchObject({ stopped: true, revoked: [expect.any(String)], locked: true, trouble: [] });
    await eventually(async () => expect((await user.run(['status'])).code).toBe(3));
    expect(await user.run(['start', ...FREE])).toMatchObject({ code: 0, stderr: line('vault unlock opens it again') });
    expect(await user.run(['vault', 'set', 'b', '--host', 'a.test'], { input: 'x' })).toMatchObject({
      code: 1,
      stderr: line('it was locked by panic'),
    });
    expect(await user.run(['vault', 'unlock'])).toMatchObject({ code: 0, stdout: line('the daemon that runs has its key') });
    expect(await user.run(['vault', 'unlock'])).toMatchObject({ code: 0, stdout: line('the vault was not locked') });
    expect((await user.run(['vault', 'list'])).stdout).toContain('a.test');
    expect(json<{ state: string }[]>((await user.run(['token', 'list', '--json'])).stdout)).toMatchObject([{ state: 'revoked' }]);
    expect(json<{ vaultLocked?: string }>((await user.run(['status', '--json'])).stdout).vaultLocked).toBe(undefined);
    expect((await user.run(['audit', 'verify'])).code).toBe(0);
    expect((await user.run(['audit', 'list'])).stdout).toMatch(/panic[\s\S]*vault unlock|vault unlock[\s\S]*panic/);
  });

  test('without a daemon', async () => {
    const user = newUser();
    expect(await user.run(['panic'])).toMatchObject({ code: 0, stdout: line('no daemon was running') });
  });
});

describe('ca rotate', { timeout: 60_000 }, () => {
  test('makes another CA, while no daemon runs', async () => {
    const user = newUser();
    expect((await user.run(['ca', 'export'])).code).toBe(0);
    const before = readFileSync(join(user.home, 'ca.pem'), 'utf8');
    expect(await user.run(['ca', 'rotate'])).toMatchObject({ code: 0, stdout: line('a new CA, ') });
    expect((await user.run(['audit', 'list'])).stdout).toMatch(/ {2}ca rotate {2}fingerprint256: /);
    const after = readFileSync(join(user.home, 'ca.pem'), 'utf8');
    expect(after).not.toContain(before);
    expect(json<{ previous: number }>((await user.run(['ca', 'show', '--json'])).stdout).previous).toBe(0);
    expect((await user.run(['start', ...FREE])).code).toBe(0);
    expect(readFileSync(join(user.home, 'ca.pem'), 'utf8')).toBe(after);
    expect(await user.run(['ca', 'rotate'])).toMatchObject({ code: 1, stderr: line('the daemon holds the CA') });
  });

  test('a CA covers the hosts of the vault, whoever opens it', async () => {
    const user = newUser();
    await user.run(['vault', 'set', 'a', '--host', 'a.test'], { input: 'tulip' });
    await user.run(['ca', 'export']);
    const pem = readFileSync(join(user.home, 'ca.pem'), 'utf8');
    expect((await user.run(['start', ...FREE])).code).toBe(0);
    expect(readFileSync(join(user.home, 'ca.pem'), 'utf8')).toBe(pem);
  });
});

test('status --watch shows it again until the daemon ends', { timeout: 60_000 }, async () => {
  const user = newUser();
  await user.run(['start', ...FREE]);
  const watching = user.spawn(['status', '--watch', '--json']);
  await eventually(() => expect(watching.stdout().trim().split('\n').length).toBeGreaterThan(1));
  await user.run(['stop']);
  expect((await watching.ended).code).toBe(3);
});
