// Commands that need no daemon, mistakes, and the launcher itself: one line, the right code, no stack.
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { LAUNCHER } from '../support/daemon-process.ts';
import { scratchFolder } from '../support/folder.ts';
import { FREE, json, newUser } from '../support/sallyport.ts';

describe('without a daemon', { timeout: 90_000 }, () => {
  test('ca export makes the CA once; the daemon takes it over', async () => {
    const user = newUser();
    const first = await user.run(['ca', 'show']);
    expect(first).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('there is no CA in') });
    const made = await user.run(['ca', 'export']);
    expect(made.code).toBe(0);
    expect(made.stdout).toMatch(/^-----BEGIN CERTIFICATE-----\n[\s\S]+-----END CERTIFICATE-----\n$/);
    expect((await user.run(['ca', 'export'])).stdout).toBe(made.stdout);
    await user.run(['start', ...FREE]);
    expect(readFileSync(join(user.home, 'ca.pem'), 'utf8')).toBe(made.stdout);
    expect((await user.run(['ca', 'show'])).stdout).toMatch(/fingerprint +([0-9A-F]{2}:){31}/);
    expect((await user.run(['stop'])).code).toBe(0);
  });

  test('env is what run would set; a shell takes it', async () => {
    const user = newUser();
    const ran = await user.run(['env', '--shell', 'bash'], { env: { ALL_PROXY: 'x' } });
    expect(ran).toMatchObject({ code: 0, stderr: expect.stringContaining('note: no daemon is running') });
    const script = join(user.folder, 'env.sh');
    writeFileSync(script, `${ran.stdout}\necho "$HTTPS_PROXY|\${ALL_PROXY-none}|$SSL_CERT_FILE"\n`);
    const shell = await user.run(['run', '--', 'true']);
    expect(shell.code).toBe(0);
    expect(execFileSync('/bin/sh', [script], { env: { ALL_PROXY: 'x' } }).toString()).toBe(
      `http://127.0.0.1:8898|none|${join(user.home, 'ca-bundle.pem')}\n`,
    );
    const change = json((await user.run(['env', '--json'])).stdout) as unknown as { set: Record<string, string> };
    expect(change.set.NODE_USE_ENV_PROXY).toBe('1');
    const pac = (await user.run(['env', '--pac', '--listen', '127.0.0.1:7777'])).stdout;
    expect(pac).toContain(join(user.home, 'proxy.pac'));
    expect(pac).toContain('PROXY 127.0.0.1:7777');
    expect((await user.run(['env', ...FREE])).code).toBe(3);
  });

  test('doctor: well, then not', async () => {
    const user = newUser();
    const well = json((await user.run(['doctor', '--json', ...FREE], { env: { SALLYPORT_IDLE_SECONDS: '7' } })).stdout) as unknown as {
      ok: boolean;
      findings: { check: string; state: string; text: string; fix?: string }[];
      config: { key: string; value: string; origin: string }[];
    };
    expect(well.ok).toBe(true);
    expect(well.config).toContainEqual({ key: 'idle_seconds', value: '7', origin: 'SALLYPORT_IDLE_SECONDS' });
    expect(well.config).toContainEqual({ key: 'listen', value: '127.0.0.1:0', origin: '--listen' });
    mkdirSync(user.home, { mode: 0o755 });
    chmodSync(user.home, 0o755);
    const bin = join(user.folder, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'claude'), '#!/bin/sh\necho 2.1.330\n', { mode: 0o755 });
    const env = {
      NO_PROXY: '.anthropic.com',
      HTTPS_PROXY: 'http://corp.example.com:3128',
      SALLYPORT_LISTNE: 'x',
      PATH: `${bin}:${process.env.PATH}`,
    };
    const ill = await user.run(
      ['doctor', ...FREE, '--connect-to', '*=127.0.0.1:1', '--mask', 'email=off', '--upstream-ca', '/nonexistent.pem'],
      { env },
    );
    expect(ill.code).toBe(1);
    for (const line of [
      /^! home .*can be read by others$/m,
      /^ +-> chmod 700 '/m,
      /^\? connect_to /m,
      /^\? HTTPS_PROXY .*corp\.example\.com:3128/m,
      /^\? NO_PROXY .*\.anthropic\.com/m,
      /^\? environment .*SALLYPORT_LISTNE/m,
      /^\? mask .*email is off/m,
      /^! upstream_ca .*nonexistent/m,
      /^ {2}CLI claude .*2\.1\.330; trusts through NODE_EXTRA_CA_CERTS/m,
      /^ {2}mask\.email +off +--mask$/m,
    ])
      expect(ill.stdout).toMatch(line);
    const broken = await user.run(['doctor', '--listen', 'x']);
    expect(broken).toMatchObject({ code: 1, stdout: expect.stringContaining('! configuration') });
  });

  test('demo: masked for the provider, whole for the client', async () => {
    const user = newUser();
    const ran = await user.run(['demo', '--json']);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    const shown = JSON.parse(ran.stdout) as {
      sent: string;
      seen: string;
      received: string;
      results: { what: string; masked: boolean; whole: boolean }[];
    };
    expect(shown.results).toContainEqual({ what: 'e-mail address', masked: true, whole: true });
    expect(shown.results).toContainEqual({ what: 'API key', masked: true, whole: true });
    expect(shown.seen).not.toContain('maria.santos@example.org');
    expect(shown.received).toContain(shown.sent);
    expect(existsSync(user.home)).toBe(false);
  });
});

describe('mistakes: one line, the right code, no stack', { timeout: 90_000 }, () => {
  test.each([
    [['strat'], 2, 'did you mean'],
    [['start', '--lisen', 'x'], 2, '«--listen»'],
    [['start', '--listen', 'x'], 2, '--listen: expected an address and port'],
    [['start', '--listen', '0.0.0.0:0'], 1, 'that needs allow_remote: true and proxy_auth'],
    [['start', '--ready-file', '/nonexistent/ready'], 1, 'ready_file: the folder /nonexistent is not there'],
    [['start', '--foreground', '--ready-file', '/nonexistent/ready'], 1, 'ready_file: the folder /nonexistent is not there'],
    [['start', '--foreground', ...FREE, '--ready-fd', '98'], 1, 'ready_fd: descriptor 98 cannot be written (EBADF)'],
    [['start', '--config', '/nonexistent.yaml'], 1, 'cannot be read: it is not there'],
    [['start', '--upstream-ca', '/nonexistent.pem', ...FREE], 1, '/nonexistent.pem cannot be read'],
    [['run'], 2, 'run what?'],
    [['ca'], 2, 'ca takes show, export, rotate, install, uninstall or status'],
  ] as const)('%j', async (words, code, text) => {
    const ran = await newUser().run(words);
    expect(ran).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(text) });
    expect(ran.stderr).toMatch(/^sallyport: [^\n]+\n$/);
  });

  // It printed whatever lay there, with exit code 0, for a program to trust.
  test('ca export does not hand on what is no certificate', async () => {
    const user = newUser();
    mkdirSync(user.home, { mode: 0o700 });
    writeFileSync(join(user.home, 'ca.pem'), 'junk\n');
    const ran = await user.run(['ca', 'export']);
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr).toMatch(/^sallyport: ca.pem does not hold a certificate[^\n]*\n$/);
  });

  // A stack trace, where one line had been promised for whatever goes wrong.
  test.skipIf(process.platform !== 'linux')('a full disk behind standard output', async () => {
    const user = newUser();
    const ran = promisify(execFile)('sh', ['-c', '"$0" --version > /dev/full', LAUNCHER], {
      env: { PATH: process.env.PATH, HOME: user.folder },
    });
    await expect(ran).rejects.toMatchObject({ code: 1, stderr: 'sallyport: the output cannot be written (ENOSPC)\n' });
  });

  // They were printed as the path stands: pasted into a shell, a home with a blank was two words and one with a dollar ran commands.
  test('the hints of start can be typed whatever the home is called', async () => {
    const user = newUser();
    const home = join(user.folder, "it's $(touch ran) here");
    const options = { cwd: user.folder, env: { PATH: process.env.PATH, HOME: user.folder, SALLYPORT_LISEN: '1' } };
    const started = await promisify(execFile)(LAUNCHER, ['start', ...FREE, '--home', home], options);
    onTestFinished(async () => void (await promisify(execFile)(LAUNCHER, ['stop', '--now', '--home', home], options)));
    expect(started.stderr).toBe(
      'sallyport: note: the environment variable SALLYPORT_LISEN is not known (did you mean «SALLYPORT_LISTEN»?)\n',
    );
    const hint = /^ +(\S+ status .*?) {3}/m.exec(started.stdout)![1]!;
    expect(JSON.parse((await promisify(execFile)('sh', ['-c', `${hint} --json`], options)).stdout)).toMatchObject({ home });
    expect(existsSync(join(user.folder, 'ran'))).toBe(false);
  });

  test('a file in place of the home, a loose home, a loose key, a broken file', async () => {
    const user = newUser();
    const line = async (words: readonly string[] = ['start', ...FREE]) => {
      const ran = await user.run(words);
      expect(ran).toMatchObject({ code: 1, stdout: '' });
      expect(ran.stderr).toMatch(/^sallyport: [^\n]+\n$/);
      return ran.stderr;
    };
    mkdirSync(user.home);
    writeFileSync(join(user.home, 'ca.key'), '', { mode: 0o600 });
    chmodSync(user.home, 0o755);
    expect(await line()).toContain(`chmod 700 '${user.home}'`);
    chmodSync(user.home, 0o700);
    rmSync(join(user.home, 'ca.key'));
    const key = join(user.home, 'placeholder.key');
    writeFileSync(key, 'short', { mode: 0o600 });
    expect(await line()).toContain('holds 5 bytes instead of 32');
    writeFileSync(key, Buffer.alloc(32));
    chmodSync(key, 0o644);
    expect(await line()).toContain(`chmod 600 '${key}'`);
    chmodSync(key, 0o600);
    const config = join(user.home, 'sallyport.yaml');
    writeFileSync(config, 'listen: 127.0.0.1:0\nintercpt: []\n');
    expect(await line(['start'])).toContain(`${config}:2: unknown key «intercpt» (did you mean «intercept»?)`);
    writeFileSync(config, 'listen: "unclosed\n');
    expect(await line(['start', '--foreground'])).toContain(`${config}:`);
    // A broken configuration does not keep anyone from looking or stopping.
    expect((await user.run(['status'])).code).toBe(3);
  });
});

describe('the launcher', { timeout: 90_000 }, () => {
  test('through links, from any folder', async () => {
    const folder = scratchFolder();
    symlinkSync(LAUNCHER, join(folder, 'absolute'));
    symlinkSync('absolute', join(folder, 'relative'));
    expect(execFileSync(join(folder, 'relative'), ['--version'], { cwd: '/' }).toString()).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test.each([
    ['v20.20.2', 'Node 24.15 or newer is needed'],
    ['v24.14.9', 'Node 24.15 or newer is needed'],
    ['nonsense', 'Node 24.15 or newer is needed'],
    ['v24.15.0', 'its packages are not installed'],
    ['v26.0.0', 'its packages are not installed'],
  ])('without its own Node it asks the one in PATH: %s', async (version, line) => {
    const folder = scratchFolder();
    mkdirSync(join(folder, 'cmd'));
    copyFileSync(LAUNCHER, join(folder, 'cmd/sallyport'));
    mkdirSync(join(folder, 'bin'));
    writeFileSync(join(folder, 'bin/node'), `#!/bin/sh\n[ "$1" = --version ] && echo ${version}\n`, { mode: 0o755 });
    const ran = spawnSync(join(folder, 'cmd/sallyport'), ['--version'], { env: { PATH: `${join(folder, 'bin')}:/usr/bin:/bin` } });
    expect(ran.status).toBe(1);
    expect(ran.stdout.toString()).toBe('');
    expect(ran.stderr.toString()).toMatch(/^sallyport: [^\n]+\n$/);
    expect(ran.stderr.toString()).toContain(line);
  });
});
