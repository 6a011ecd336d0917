// `sallyport run`: the command's own exit code, terminal, signals and variables, and what goes through the proxy.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { startFakeProvider } from '../support/fake-provider.ts';
import { daemonPid, FREE, isAlive, json, newUser } from '../support/sallyport.ts';

describe('run', { timeout: 90_000 }, () => {
  test('its own exit code, arguments as they are, nothing of ours on standard output', async () => {
    const user = newUser();
    const ran = await user.run([
      'run',
      '--',
      'node',
      '-e',
      'process.stdout.write(JSON.stringify(process.argv.slice(1))); process.exit(9)',
      'a b',
      '--json',
      '--',
      "it's",
    ]);
    expect(ran).toEqual({ code: 9, stdout: JSON.stringify(['a b', '--json', '--', "it's"]), stderr: '' });
  });

  test('standard input goes through, and a signal’s end is 128 and its number', async () => {
    const user = newUser();
    expect(await user.run(['run', '--', 'cat'], { input: 'in and out' })).toEqual({ code: 0, stdout: 'in and out', stderr: '' });
    expect((await user.run(['run', '--', 'sh', '-c', 'kill -TERM $$'])).code).toBe(143);
  });

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const)('%s is passed on', async (signal) => {
    const user = newUser();
    const trap = `trap 'echo got; exit 5' ${signal.slice(3)}; echo up; while :; do sleep 0.05; done`;
    const running = user.spawn(['run', '--', 'sh', '-c', trap]);
    await eventually(() => expect(running.stdout()).toContain('up'));
    running.child.kill(signal);
    expect(await running.ended).toMatchObject({ code: 5, stdout: 'up\ngot\n' });
  });

  test.each([
    [['run', '--', 'no-such-command-here'], 127, 'sallyport: no-such-command-here: command not found\n'],
    [['run', '--', '/etc/passwd'], 126, 'sallyport: /etc/passwd: not executable\n'],
  ] as const)('%j', async (words, code, stderr) => {
    expect(await newUser().run(words)).toEqual({ code, stdout: '', stderr });
  });

  test('the variables; what was there is kept where it must be; the umask is the user’s', async () => {
    const user = newUser();
    const corporate = join(user.folder, 'corporate.pem');
    const other = newUser();
    writeFileSync(corporate, (await other.run(['ca', 'export'])).stdout);
    const program = 'process.stdout.write(JSON.stringify({ ...process.env, umask: process.umask() }))';
    const env = {
      NODE_EXTRA_CA_CERTS: corporate,
      NO_PROXY: 'api.anthropic.com,keep.example.net',
      ALL_PROXY: 'socks5://127.0.0.1:1',
      NODE_OPTIONS: '--no-warnings',
    };
    const ran = await user.run(['run', '--proxy-auth', 'user:pa/ss', '--', 'node', '-e', program], { env });
    expect(ran.stderr).toBe('');
    const seen = json(ran.stdout) as unknown as Record<string, string>;
    expect(seen.HTTPS_PROXY).toMatch(/^http:\/\/user:pa%2Fss@127\.0\.0\.1:\d+$/);
    expect(seen.NO_PROXY).toBe('keep.example.net,localhost,127.0.0.1,::1');
    expect(seen).not.toHaveProperty('ALL_PROXY');
    expect(seen).not.toHaveProperty('SALLYPORT_SELF');
    expect(seen.NODE_OPTIONS).toBe('--no-warnings');
    expect(seen.umask).toBe(process.umask());
    const own = readFileSync(join(user.home, 'ca.pem'), 'utf8').trim();
    const theirs = readFileSync(corporate, 'utf8').trim();
    const added = readFileSync(seen.NODE_EXTRA_CA_CERTS!, 'utf8');
    expect(added).toContain(own);
    expect(added).toContain(theirs);
    expect(readFileSync(seen.CODEX_CA_CERTIFICATE!, 'utf8').trim()).toBe(own);
    const bundle = readFileSync(seen.SSL_CERT_FILE!, 'utf8');
    expect(bundle).toContain(own);
    expect(bundle).toContain(theirs);
    expect(bundle.match(/BEGIN CERTIFICATE/g)!.length).toBeGreaterThan(20);
  });

  // The command had the real key in its own environment, where a tool that it runs finds it with `env`: what the placeholder is there to prevent.
  test('a command holds the placeholder where its shell had the key; the key is in nobody’s environment', async () => {
    const user = newUser();
    const key = ['real', 'key', 'of', 'ours'].join('-');
    const inject = { host: 'api.example.test', header: 'x-api-key', value: '$\x7benv:OURS}', replaces: 'dummy-1' };
    const unnamed = { host: 'other.example.test', header: 'x-api-key', value: 'a $\x7benv:PART}' };
    const env = { OURS: key, PART: `${key}2`, REST: 'stays' };
    const ran = await user.run(
      [
        'run',
        '--inject',
        JSON.stringify(inject),
        '--inject',
        JSON.stringify(unnamed),
        '--',
        'sh',
        '-c',
        `env; cat ${user.home}/daemon.pid`,
      ],
      { env },
    );
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).not.toContain(key);
    expect(ran.stdout).toContain('OURS=dummy-1\n');
    expect(ran.stdout).toContain('PART=sallyport-placeholder\n');
    expect(ran.stdout).toContain('REST=stays\n');
  });

  test('two at once share the daemon that the first one started; it ends with the last', async () => {
    const user = newUser();
    const wait = (file: string) => ['run', '--', 'sh', '-c', `echo up; while [ ! -e ${join(user.folder, file)} ]; do sleep 0.05; done`];
    const one = user.spawn(wait('one'));
    const two = user.spawn(wait('two'));
    await eventually(() => expect(one.stdout() + two.stdout()).toBe('up\nup\n'));
    const pid = daemonPid(user.home)!;
    writeFileSync(join(user.folder, 'one'), '');
    expect((await one.ended).code).toBe(0);
    expect((await user.run(['status'])).code).toBe(0);
    writeFileSync(join(user.folder, 'two'), '');
    expect((await two.ended).code).toBe(0);
    await eventually(() => expect(isAlive(pid)).toBe(false));
  });

  test('a daemon that runs is used as it is, and flags that it does not take are named', async () => {
    const user = newUser();
    await user.run(['start', ...FREE]);
    const pid = daemonPid(user.home);
    const ran = await user.run(['run', '--mask', 'email=off', '--', 'true']);
    expect(ran).toEqual({
      code: 0,
      stdout: '',
      stderr: 'sallyport: note: a daemon runs already and keeps its own settings; not used: --mask\n',
    });
    expect(daemonPid(user.home)).toBe(pid);
    expect((await user.run(['stop'])).code).toBe(0);
  });

  test('a request through it is masked, and fidelity shows both sides', async () => {
    const user = newUser();
    const provider = await startFakeProvider();
    onTestFinished(() => provider.close());
    const ca = join(user.folder, 'provider.pem');
    writeFileSync(ca, provider.authority.pem);
    await user.run(['start', ...FREE, '--connect-to', `*=127.0.0.1:${provider.port}`, '--upstream-ca', ca]);
    const body = JSON.stringify({ model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'mail bob@example.test now' }] });
    const program = `fetch('https://api.anthropic.com/v1/messages', { method: 'POST', headers: { 'content-type': 'application/json', 'x-api-key': 'k' }, body: ${JSON.stringify(body)} }).then((r) => r.text()).then((t) => console.log(t))`;
    const ran = await user.run(['run', '--', 'node', '-e', program]);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toContain('bob@example.test');
    expect(JSON.stringify(provider.modelRequests().map((r) => r.body.toString()))).not.toContain('bob@example.test');

    const shown = (await user.run(['fidelity'])).stdout;
    expect(shown).toMatch(/POST https:\/\/api\.anthropic\.com\/v1\/messages/);
    expect(shown).toMatch(/! body +sha256 \w+… +sha256 \w+…/);
    expect(shown).toMatch(/TLS hello: (exact|ja4|partial)/);
    expect(shown).toMatch(/edits: email 1/);
    expect(JSON.parse((await user.run(['fidelity', 'API.anthropic.com', '--json'])).stdout)).toHaveLength(1);
    expect((await user.run(['fidelity', 'other.example.test'])).stdout).toBe('no exchange with other.example.test yet\n');
    expect((await user.run(['fidelity', '--last', '0'])).code).toBe(2);
    expect((await user.run(['stop'])).code).toBe(0);
    expect(readFileSync(join(user.home, 'sallyport.log'), 'utf8')).not.toContain('bob@example.test');
  });
});
