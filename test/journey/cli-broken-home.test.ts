// What is said of a home that is not as it should be: doctor did not look at the CA's key, and a home that cannot be read was put down to
// another user's socket.
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { controlOf } from '../../src/proxy/control/call.ts';
import { LAUNCHER } from '../support/daemon-process.ts';
import { newUser, type User } from '../support/sallyport.ts';

async function withCa(): Promise<User> {
  const user = newUser();
  expect((await user.run(['ca', 'export'])).code).toBe(0);
  return user;
}

async function caFinding(user: User) {
  const before = readdirSync(user.home).map((name) => [name, readFileSync(join(user.home, name), 'latin1')]);
  const { code, stdout } = await user.run(['doctor', '--quick', '--json']);
  expect(readdirSync(user.home).map((name) => [name, readFileSync(join(user.home, name), 'latin1')])).toEqual(before);
  const { findings } = JSON.parse(stdout) as { findings: { check: string; state: string; text: string }[] };
  return { code, ...findings.find((f) => f.check === 'CA')! };
}

test('doctor finds a key that is none, one that is missing and one of another CA', async () => {
  const user = await withCa();
  expect(await caFinding(user)).toMatchObject({ state: 'ok' });
  const key = join(user.home, 'ca.key');
  const other = await withCa();
  cpSync(join(other.home, 'ca.key'), key);
  expect(await caFinding(user)).toMatchObject({
    code: 1,
    state: 'fail',
    text: expect.stringContaining('ca.key does not open: it belongs to another store'),
  });
  writeFileSync(key, 'junk');
  expect(await caFinding(user)).toMatchObject({ code: 1, state: 'fail', text: expect.stringContaining('does not hold a private key') });
});

test('hints name the command as it was called', async () => {
  expect((await newUser().run(['reload'])).stderr).toContain(`start one with: ${LAUNCHER} start\n`);
});

// Root may look into every folder.
test.skipIf(process.getuid?.() === 0)('a home that cannot be looked into is called so', async () => {
  const user = newUser();
  mkdirSync(user.home, { mode: 0o700 });
  chmodSync(user.home, 0);
  await expect(controlOf(user.home).status()).rejects.toThrow(`the home ${user.home} cannot be looked into: permission denied`);
  chmodSync(user.home, 0o700);
});
