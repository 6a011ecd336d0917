// `sallyport doctor` beside a daemon: runtimes that shake hands with it, what --fix puts right, and what a hostile environment may not do.
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { inPath } from '../../cmd/in-path.ts';
import { daemonPid, FREE, isAlive, json, newUser, type User } from '../support/sallyport.ts';

interface Told {
  readonly id: string;
  readonly check: string;
  readonly state: 'ok' | 'info' | 'warn' | 'fail';
  readonly text: string;
  readonly fix?: string;
}

/** A PATH with these alone, and with what the launcher needs. */
function pathWith(user: User, ...names: readonly string[]): string {
  const folder = join(user.folder, `bin $(x) 'y'`);
  mkdirSync(folder);
  for (const name of ['sh', 'dirname', 'readlink', ...names]) {
    const path = inPath([name], process.env.PATH);
    if (path !== undefined) symlinkSync(path, join(folder, name));
  }
  return folder;
}

async function doctor(user: User, words: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
  const { code, stdout, stderr } = await user.run(['doctor', '--json', ...words], { env });
  const told = json<{ ok: boolean; findings: Told[]; fixed: Told[] }>(stdout);
  const of = (id: string) => told.findings.find((finding) => finding.id === id);
  return { code, stdout, stderr, of, ...told };
}

describe('doctor', { timeout: 90_000 }, () => {
  test('runtimes prove their trust, in this shell and under run; a hostile environment does no harm', async () => {
    const user = newUser();
    await user.run(['start', ...FREE]);
    const PATH = pathWith(user, 'node', 'openssl', 'curl', 'git');
    const runtimes = ['node', 'openssl', 'curl', 'git'].filter((name) => existsSync(join(PATH, name)));
    expect(runtimes).toContain('node');
    const hostile = {
      PATH,
      ODD: '$(touch owned) `touch owned`; touch owned\n\u202e',
      NO_PROXY: '*',
      ALL_PROXY: "socks5://'$(touch owned)':1",
      GIT_SSL_NO_VERIFY: '1',
      NODE_TLS_REJECT_UNAUTHORIZED: '0',
    };
    const bare = await doctor(user, [], hostile);
    expect(bare).toMatchObject({ code: 0, ok: true, stderr: expect.not.stringContaining(' at ') });
    for (const name of runtimes)
      expect(bare.of(`runtime-${name}`), name).toMatchObject({ state: 'info', text: expect.stringContaining('not in this shell') });
    expect(bare.of('port')).toMatchObject({ state: 'ok' });
    // Every store of this machine, whichever those are, by its place: the CA is there now.
    for (const { check, text } of bare.findings.filter(({ id }) => id.startsWith('trust-')))
      expect(text, check).toMatch(/CA|cannot be told/);
    expect(bare.of('trust')).toBeUndefined();
    expect(bare.of('node-tls-reject-unauthorized')).toMatchObject({ state: 'warn' });
    expect(existsSync(join(user.folder, 'owned'))).toBe(false);

    const { set } = json<{ set: Record<string, string> }>((await user.run(['env', '--json'])).stdout);
    const told = await doctor(user, [], { ...set, PATH });
    for (const name of runtimes)
      expect(told.of(`runtime-${name}`), name).toMatchObject({ state: 'ok', text: expect.stringContaining('shown by a handshake') });
    expect(told.of('https-proxy')).toMatchObject({ state: 'ok' });
    expect((await user.run(['stop'])).code).toBe(0);
  });

  test('where the daemon asks for a token the runtimes are given one, which nobody is shown', async () => {
    const user = newUser();
    await user.run(['start', ...FREE, '--allow-uids', 'none']);
    const PATH = pathWith(user, 'node', 'openssl');
    const { stdout, of } = await doctor(user, [], { PATH });
    expect(of('runtime-node')).toMatchObject({ state: 'info', text: expect.stringContaining('trusts the CA under') });
    if (existsSync(join(PATH, 'openssl'))) expect(of('runtime-openssl')).toMatchObject({ state: 'info' });
    expect(stdout).not.toContain('any:');
    expect((await user.run(['stop'])).code).toBe(0);
  });

  test('--fix closes and removes, says so once, and a second time finds nothing to do', async () => {
    const user = newUser();
    await user.run(['start', ...FREE]);
    const pid = daemonPid(user.home)!;
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => isAlive(pid)).toBe(false);
    chmodSync(join(user.home, 'sallyport.log'), 0o644);
    chmodSync(user.home, 0o755);
    writeFileSync(join(user.home, 'ca-bundle.pem.4194305.new'), '');
    const before = readdirSync(user.home).sort();
    const seen = await doctor(user, ['--quick', ...FREE]);
    expect(seen).toMatchObject({ code: 1, ok: false, fixed: [] });
    expect(seen.of('home')).toMatchObject({ state: 'fail', fix: expect.stringMatching(/^chmod 700 /) });
    expect(seen.of('leftovers')).toMatchObject({ state: 'warn' });
    // What SQLite leaves of a lock that was held by force is rolled back by looking at it.
    expect(readdirSync(user.home).sort()).toEqual(before.filter((name) => !name.endsWith('-journal')));
    expect(statSync(user.home).mode & 0o777).toBe(0o755);

    const fixed = await doctor(user, ['--fix', '--quick', ...FREE]);
    expect(fixed).toMatchObject({ code: 0, ok: true });
    expect(fixed.fixed.map(({ id, state }) => [id, state])).toEqual([
      ['home', 'ok'],
      ['leftovers', 'ok'],
    ]);
    expect([statSync(user.home).mode & 0o777, statSync(join(user.home, 'sallyport.log')).mode & 0o777]).toEqual([0o700, 0o600]);
    expect(readdirSync(user.home)).not.toEqual(expect.arrayContaining(['daemon.pid']));
    expect(fixed.of('leftovers')).toMatchObject({ state: 'ok' });

    const again = await user.run(['doctor', '--fix', '--quick', ...FREE]);
    expect(again.code).toBe(0);
    expect(again.stdout).not.toContain('fixed');
    expect((await user.run(['start', ...FREE])).code).toBe(0);
    expect((await user.run(['stop'])).code).toBe(0);
  });

  test('a configuration that others can read, with a password in it, and a path that tries to speak', async () => {
    const user = newUser();
    const config = join(user.folder, 'c\u001b[2J.yaml');
    writeFileSync(config, 'proxy_auth: "user:a-password-of-ours"\nguardrails: {mine: {module: /nowhere.mjs, on_fault: deny}}\n', {
      mode: 0o644,
    });
    const words = ['--quick', '--config', config, ...FREE];
    const told = await doctor(user, words);
    expect(told).toMatchObject({ code: 1, ok: false });
    expect(told.of('configuration')).toMatchObject({ state: 'fail', fix: expect.stringMatching(/^chmod 600 /) });
    const fixed = await user.run(['doctor', '--fix', ...words]);
    expect(fixed.stdout).toMatch(/^fixed: configuration: closed .*c\\u\{1b\}\[2J\.yaml to others$/m);
    expect(fixed.stdout).not.toContain('\u001b');
    // Now it can be read, and what is wrong with it is seen.
    expect(fixed.stdout).toMatch(/^! guardrail mine .*every request is refused$/m);
    expect(fixed.code).toBe(1);
    expect(told.stdout + fixed.stdout).not.toContain('a-password-of-ours');
    expect(statSync(config).mode & 0o777).toBe(0o600);
    expect(readFileSync(config, 'utf8')).toContain('a-password-of-ours');
  });
});
