// `sallyport vault`: which key opens the vault, and changing it, beside a daemon and without one.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openStore } from '../../src/store/open.ts';
import { LAUNCHER } from '../support/daemon-process.ts';
import { daemonPid, FREE, json, newUser, type User } from '../support/sallyport.ts';

const PASSPHRASE = 'tulip harbour 9 sofa';
const BY_ENVIRONMENT = { SALLYPORT_PASSPHRASE: PASSPHRASE };

const line = (text: string) => expect.stringMatching(new RegExp(`^sallyport: [^\\n]*${text}[^\\n]*\\n$`));

/** Runs the launcher at a terminal of its own; each time it asks, the next of `answers` is typed. All that the terminal showed. */
async function atTerminal(user: User, words: readonly string[], answers: readonly string[]): Promise<{ code: number; shown: string }> {
  const command = `'${LAUNCHER}' ${words.join(' ')} --home '${user.home}'`;
  const child = spawn('script', ['-qec', command, '/dev/null'], { env: { PATH: process.env.PATH, HOME: user.folder } });
  onTestFinished(() => void child.kill('SIGKILL'));
  const left = [...answers];
  let shown = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
    if (/: $/.test(shown) && left.length > 0) child.stdin.write(`${left.shift()}\r`);
  });
  const [code] = (await once(child, 'close')) as [number];
  return { code, shown };
}

describe('vault key', { timeout: 120_000 }, () => {
  test('show, use passphrase, and a daemon that gets it by the environment alone', async () => {
    const user = newUser();
    expect(await user.run(['vault', 'key', 'show'])).toMatchObject({ code: 0, stdout: expect.stringContaining('nothing was sealed') });
    await user.run(['start', ...FREE]);
    await user.run(['stop']);
    expect(json((await user.run(['vault', 'key', 'show', '--json'])).stdout)).toMatchObject({ source: 'key-file', keys: 1 });
    expect(await user.run(['vault', 'key', 'use', 'passphrase'])).toMatchObject({ code: 1, stderr: line('a passphrase is to be given') });
    const weak = await user.run(['vault', 'key', 'use', 'passphrase'], { env: { SALLYPORT_PASSPHRASE: 'changeme' } });
    expect(weak).toMatchObject({ code: 1, stderr: line('one of those that everybody tries') });
    const used = await user.run(['vault', 'key', 'use', 'passphrase'], { env: BY_ENVIRONMENT });
    expect(used).toMatchObject({ code: 0, stdout: 'the vault opens with passphrase now, no longer with key-file\n' });
    expect(existsSync(join(user.home, 'sallyport.key'))).toBe(false);
    expect(await user.run(['db', 'check'])).toMatchObject({ code: 1, stderr: line('its passphrase is missing') });
    const wrong = { SALLYPORT_PASSPHRASE: 'tulip harbour 8 sofa' };
    expect(await user.run(['db', 'check'], { env: wrong })).toMatchObject({ code: 1, stderr: line('the passphrase is not the one') });
    expect((await user.run(['db', 'check'], { env: BY_ENVIRONMENT })).code).toBe(0);
    const started = await user.run(['start', ...FREE], { env: BY_ENVIRONMENT });
    expect(started).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(`/proc/${daemonPid(user.home)}/environ`, 'latin1')).not.toContain(PASSPHRASE);
    expect(readFileSync(join(user.home, 'sallyport.log'), 'utf8')).not.toMatch(/no credential of the vault|tulip/);
    const client = await user.run(['run', '--', 'env'], { env: BY_ENVIRONMENT });
    expect(client.stdout).toContain('HTTPS_PROXY=');
    expect(client.stdout).not.toContain(PASSPHRASE);
    await user.run(['stop']);
    const without = await user.run(['start', ...FREE]);
    expect(without).toMatchObject({ code: 0, stderr: line('it runs without credentials: the vault is locked: its passphrase is missing') });
  });

  test('a vault that never opened: the daemon runs, with no credential and a key of the CA that is sealed as soon as that can be done', async () => {
    const user = newUser();
    const key = () => readFileSync(join(user.home, 'ca.key'), 'utf8');
    expect((await user.run(['start', ...FREE], { env: { SALLYPORT_PASSPHRASE: 'changeme' } })).code).toBe(0);
    expect(readFileSync(join(user.home, 'sallyport.log'), 'utf8')).toContain('no credential of the vault can be used');
    await user.run(['stop']);
    expect(key()).toContain('PRIVATE KEY');
    const before = await user.run(['ca', 'show']);
    expect((await user.run(['start', ...FREE], { env: BY_ENVIRONMENT })).code).toBe(0);
    await user.run(['stop']);
    expect(key()).toMatch(/^enc:v2:ca:[\w-]+\n$/);
    expect((await user.run(['ca', 'show'])).stdout).toBe(before.stdout);
  });

  test('use: another passphrase by a file, the key file again, and what is none of the sources', async () => {
    const user = newUser();
    await user.run(['vault', 'key', 'use', 'passphrase'], { env: BY_ENVIRONMENT });
    const unsaid = await user.run(['vault', 'key', 'use', 'passphrase'], { env: BY_ENVIRONMENT });
    expect(unsaid).toMatchObject({ code: 2, stderr: line('given with --passphrase-file FILE') });
    const file = join(user.folder, 'next');
    writeFileSync(file, 'violet engine 44 mud\n', { mode: 0o644 });
    chmodSync(file, 0o644);
    const change = ['vault', 'key', 'use', 'passphrase', '--passphrase-file', 'next'];
    expect(await user.run(change, { env: BY_ENVIRONMENT })).toMatchObject({ code: 1, stderr: line('chmod 600') });
    chmodSync(file, 0o600);
    expect((await user.run(change, { env: BY_ENVIRONMENT })).code).toBe(0);
    expect((await user.run(['db', 'check'], { env: BY_ENVIRONMENT })).code).toBe(1);
    const byFile = { SALLYPORT_PASSPHRASE_FILE: file };
    expect((await user.run(['db', 'check'], { env: byFile })).code).toBe(0);
    expect((await user.run(['vault', 'key', 'use', 'key-file'], { env: byFile })).code).toBe(0);
    expect(await user.run(['vault', 'key', 'use', 'key-file'])).toMatchObject({
      code: 0,
      stdout: 'key-file is what the vault uses already\n',
    });
    expect(await user.run(['vault', 'key', 'use', 'systemd'])).toMatchObject({ code: 1, stderr: line('CREDENTIALS_DIRECTORY') });
    expect(await user.run(['vault', 'key', 'use', 'keyfile'])).toMatchObject({ code: 2, stderr: line('did you mean «?key-file') });
    expect(await user.run(['vault', 'key'])).toMatchObject({ code: 2, stderr: line('vault key takes show, or use and one of') });
    expect((await user.run(['db', 'check'])).code).toBe(0);
  });

  test.skipIf(process.platform === 'darwin')(
    'use keychain and systemd: the key goes through standard input, and each opens what the one before did',
    async () => {
      const user = newUser();
      await user.run(['vault', 'key', 'use', 'passphrase'], { env: BY_ENVIRONMENT });
      const bin = join(user.folder, 'bin');
      mkdirSync(bin);
      // As libsecret's: it keeps what it reads, and writes down how it was called.
      const tool = `#!/bin/sh\necho "$*" >> '${bin}/calls'\ncase $1 in store) cat > '${bin}/kept' ;; lookup) cat '${bin}/kept' ;; clear) rm '${bin}/kept' ;; esac\n`;
      for (const name of ['secret-tool', 'security']) writeFileSync(join(bin, name), tool, { mode: 0o755 });
      const env = { PATH: `${bin}:${process.env.PATH}` };
      expect((await user.run(['vault', 'key', 'use', 'keychain'], { env: { ...env, ...BY_ENVIRONMENT } })).code).toBe(0);
      expect(readFileSync(join(bin, 'calls'), 'utf8')).not.toContain(readFileSync(join(bin, 'kept'), 'utf8'));
      expect(await user.run(['db', 'check'], { env })).toMatchObject({ code: 0, stdout: expect.stringContaining('(keychain)') });
      writeFileSync(join(user.folder, 'sallyport-key'), Buffer.alloc(32, 6), { mode: 0o400 });
      const service = { CREDENTIALS_DIRECTORY: user.folder };
      expect((await user.run(['vault', 'key', 'use', 'systemd'], { env: { ...env, ...service } })).code).toBe(0);
      expect(existsSync(join(bin, 'kept'))).toBe(false);
      expect(await user.run(['db', 'check'], { env: service })).toMatchObject({ code: 0, stdout: expect.stringContaining('(systemd)') });
      expect((await user.run(['start', ...FREE], { env: service })).code).toBe(0);
    },
  );

  test.skipIf(process.platform !== 'linux')('at a terminal it is asked for, and not shown', async () => {
    const user = newUser();
    const chosen = await atTerminal(user, ['vault', 'key', 'use', 'passphrase'], [PASSPHRASE, PASSPHRASE]);
    expect(chosen).toMatchObject({ code: 0, shown: expect.stringContaining('the vault begins with passphrase') });
    expect(chosen.shown).not.toContain('tulip');
    const checked = await atTerminal(user, ['db', 'check'], [PASSPHRASE]);
    expect(checked).toMatchObject({ code: 0, shown: expect.stringContaining('(passphrase)') });
    expect((await atTerminal(user, ['db', 'check'], [''])).code).toBe(1);
    const started = await atTerminal(user, ['start', ...FREE], [PASSPHRASE]);
    expect(started).toMatchObject({ code: 0, shown: expect.stringContaining('Sallyport listens on') });
    expect(readFileSync(join(user.home, 'sallyport.log'), 'utf8')).not.toMatch(/no credential of the vault/);
    expect(await atTerminal(user, ['vault', 'key', 'use', 'key-file'], ['\u0003'])).toMatchObject({
      code: 130,
      shown: expect.stringContaining('broken off'),
    });
  });
});

test('vault rekey beside a daemon; doctor sees the vault', { timeout: 90_000 }, async () => {
  const user = newUser();
  const vaultOf = async () => {
    const { findings } = json<{ findings: { check: string }[] }>((await user.run(['doctor', '--quick', '--json', ...FREE])).stdout);
    return findings.find(({ check }) => check === 'vault');
  };
  expect(await user.run(['vault', 'rekey'])).toMatchObject({ code: 1, stderr: line('nothing was sealed yet') });
  await user.run(['start', ...FREE]);
  expect(await vaultOf()).toMatchObject({ state: 'ok', text: 'sealed with AES-256-GCM, opens with key-file' });
  const done = await user.run(['vault', 'rekey', '--json']);
  expect(done).toMatchObject({ code: 0, stderr: '' });
  expect(json(done.stdout)).toMatchObject({ unopened: [], dropped: 1, resumed: false });
  expect(await user.run(['vault', 'rekey', 'now'])).toMatchObject({ code: 2, stderr: line('takes no further word') });
  expect((await user.run(['db', 'check'])).code).toBe(0);
  expect((await user.run(['stop'])).code).toBe(0);
  const store = openStore({ path: join(user.home, 'sallyport.db') });
  store.db.exec("INSERT INTO own_keys VALUES ('lost', 'enc:v2:000000000000:AAAA')");
  store.close();
  expect(await user.run(['vault', 'rekey'])).toMatchObject({
    code: 1,
    stderr: line('sealed of «lost» in own_keys is not sealed as it should be; it stays'),
  });
  rmSync(join(user.home, 'sallyport.key'));
  expect(await vaultOf()).toMatchObject({ state: 'fail', text: expect.stringContaining('its key is missing') });
  expect(await user.run(['vault', 'rekey'])).toMatchObject({ code: 1, stderr: line('its key is missing') });
});
