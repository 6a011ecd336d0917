// A daemon as its user meets it: the real launcher, real processes, exit codes, files and signals.

import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { checkStore, openStore } from '../../src/store/open.ts';
import { connectPlain, connectTlsTunnel } from '../support/client.ts';
import { LAUNCHER } from '../support/daemon-process.ts';
import { eventually } from '../support/eventually.ts';
import { startFakeProvider } from '../support/fake-provider.ts';
import { daemonPid, FREE, isAlive, json, newUser, type User } from '../support/sallyport.ts';

const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

/** A foreground daemon, up; gives the process and what its ready file says. */
async function foreground(user: User, words: readonly string[] = [], env: Record<string, string> = {}) {
  const ready = join(user.folder, 'ready.json');
  const running = user.spawn(['start', '--foreground', ...FREE, '--ready-file', ready, ...words], { env });
  const facts = await eventually(
    () => JSON.parse(readFileSync(ready, 'utf8')) as { listen: string; ca: string; control: string; pid: number },
  );
  const [host, port] = facts.listen.split(':') as [string, string];
  return { ...running, facts, host, port: Number(port) };
}

/** A TCP origin for tunnels that sends a byte every 50 ms until it is closed. */
async function dripping() {
  const server = createServer((socket: Socket) => {
    const timer = setInterval(() => socket.write('.'), 50);
    socket.on('error', () => {});
    socket.on('close', () => clearInterval(timer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as { port: number }).port;
}

describe('a daemon in the background', { timeout: 90_000 }, () => {
  test('start, status, second start, reload, stop', async () => {
    const user = newUser();
    const start = await user.run(['start', ...FREE]);
    expect(start).toMatchObject({ code: 0, stderr: '' });
    expect(start.stdout).toMatch(/listens on 127\.0\.0\.1:\d+ \(pid \d+/);
    expect(start.stdout).toContain(`run --home ${user.home} -- claude`);
    const pid = daemonPid(user.home)!;

    const status = await user.run(['status']);
    expect(status).toMatchObject({ code: 0, stdout: expect.stringMatching(/state +running[\s\S]*exchanges +0 running/) });
    expect(json((await user.run(['status', '--json'])).stdout)).toMatchObject({ running: true, pid, draining: false, home: user.home });

    const again = await user.run(['start', ...FREE]);
    expect(again).toEqual({
      code: 1,
      stdout: '',
      stderr: `sallyport: a daemon is already running for ${user.home} (pid ${pid}): stop it, or give --home another folder\n`,
    });
    expect((await user.run(['start', '--foreground', ...FREE])).stderr).toContain(`(pid ${pid})`);

    expect(await user.run(['reload'])).toMatchObject({ code: 0, stdout: 'reloaded: nothing changed\n' });
    expect(await user.run(['fidelity'])).toMatchObject({ code: 0, stdout: 'no exchange yet\n' });
    expect(await user.run(['stop'])).toEqual({ code: 0, stdout: `stopped (pid ${pid})\n`, stderr: '' });
    await eventually(() => expect(isAlive(pid)).toBe(false));
  });

  test('everything it leaves is closed to others', async () => {
    const user = newUser();
    await user.run(['start', ...FREE]);
    expect(mode(user.home)).toBe('700');
    const loose = readdirSync(user.home).filter((name) => mode(join(user.home, name)) !== '600');
    // The certificate is public.
    expect(loose).toEqual(['ca.pem']);
    expect(readFileSync(`/proc/${daemonPid(user.home)}/limits`, 'utf8')).toMatch(/Max core file size +0 +0 /);
    expect(readdirSync(user.home)).toEqual(
      expect.arrayContaining([
        'ca.key',
        'control.sock',
        'placeholder.key',
        'proxy.pac',
        'sallyport.db',
        'sallyport.db-wal',
        'sallyport.log',
      ]),
    );
  });

  test('what keeps it from starting is told here, not only in its log', async () => {
    const user = newUser();
    const taken = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void taken.close());
    await eventually(() => expect(taken.address()).not.toBeNull());
    const where = `127.0.0.1:${(taken.address() as { port: number }).port}`;
    for (const more of [[], ['--foreground']]) {
      const ran = await user.run(['start', '--listen', where, ...more]);
      expect(ran).toEqual({
        code: 1,
        stdout: '',
        stderr: `sallyport: ${where} is taken by another program: choose another with --listen HOST:PORT (port 0 picks one)\n`,
      });
    }
    expect(daemonPid(user.home)).toBeUndefined();
  });

  test('without one: stop, reload and fidelity exit 3', async () => {
    const user = newUser();
    for (const words of [['stop'], ['reload'], ['fidelity'], ['status']]) {
      expect(await user.run(words)).toEqual({
        code: 3,
        stdout: '',
        stderr: `sallyport: no daemon is running for ${user.home}; start one with: ${LAUNCHER} start\n`,
      });
    }
    expect(await user.run(['status', '--json'])).toEqual({
      code: 3,
      stdout: `${JSON.stringify({ running: false, home: user.home })}\n`,
      stderr: '',
    });
    expect(existsSync(user.home)).toBe(false);
  });

  test('SIGKILL: the next one takes over the same CA, a sound store and the old socket', async () => {
    const user = newUser();
    await user.run(['start', ...FREE]);
    const before = (await user.run(['ca', 'show', '--json'])).stdout;
    const pid = daemonPid(user.home)!;
    process.kill(pid, 'SIGKILL');
    await eventually(() => expect(isAlive(pid)).toBe(false));
    expect(existsSync(join(user.home, 'control.sock'))).toBe(true);
    const store = openStore({ path: join(user.home, 'sallyport.db') });
    expect(checkStore(store)).toBe('ok');
    store.close();
    expect((await user.run(['status'])).code).toBe(3);
    expect((await user.run(['start', ...FREE])).code).toBe(0);
    expect((await user.run(['ca', 'show', '--json'])).stdout).toBe(before);
    expect((await user.run(['status'])).code).toBe(0);
    expect((await user.run(['stop', '--now'])).code).toBe(0);
  });
});

// Settings went through the channel between starter and daemon, but keys and SALLYPORT_PROXY_AUTH stayed in the environment it was started with. So would the tokens of secret stores.
test.skipIf(process.platform !== 'linux')('a daemon in the background puts keys in that its own environment does not show', async () => {
  const user = newUser();
  const key = ['real', 'key', 'of', 'ours'].join('-');
  const provider = await startFakeProvider();
  onTestFinished(() => provider.close());
  const ca = join(user.folder, 'provider.pem');
  writeFileSync(ca, provider.authority.pem);
  const inject = { host: 'api.example.test', header: 'x-api-key', value: '$\x7benv:OURS}', replaces: 'dummy-1' };
  const words = ['--inject', JSON.stringify(inject), '--connect-to', `*=127.0.0.1:${provider.port}`, '--upstream-ca', ca];
  expect(
    (await user.run(['start', ...FREE, ...words], { env: { OURS: key, VAULT_TOKEN: key, SALLYPORT_PROXY_AUTH: `u:${key}` } })).code,
  ).toBe(0);
  const environ = readFileSync(`/proc/${daemonPid(user.home)}/environ`, 'utf8');
  expect(environ).toContain('PATH=');
  expect(environ).not.toContain(key);
  const program = "fetch('https://api.example.test/', { headers: { 'x-api-key': 'dummy-1' } }).then((r) => r.text())";
  expect(await user.run(['run', '--', 'node', '-e', program])).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.stringify(provider.capture.requests.map((r) => r.headers))).toContain(`"x-api-key","${key}"`);
  expect((await user.run(['stop'])).code).toBe(0);
});

// A busy port, or a root that is not there, was only met when the home, its CA and its store had been made: the failed command had changed something.
test('a first start that cannot succeed leaves nothing behind', async () => {
  const user = newUser();
  const other = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void other.close());
  await once(other, 'listening');
  const listen = `127.0.0.1:${(other.address() as AddressInfo).port}`;
  for (const words of [['start'], ['start', '--foreground'], ['run', '--', 'true']]) {
    const ran = await user.run([...words.slice(0, 1), '--listen', listen, ...words.slice(1)]);
    expect(ran).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(`^sallyport: ${listen} is taken by another program: [^\n]+\n$`),
    });
    expect(existsSync(user.home)).toBe(false);
  }
  for (const more of [[], ['--foreground']]) {
    const ran = await user.run(['start', ...FREE, '--upstream-ca', '/nonexistent.pem', ...more]);
    expect(ran).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('/nonexistent.pem cannot be read') });
    expect(existsSync(user.home)).toBe(false);
  }
});

describe('a daemon in the foreground', { timeout: 90_000 }, () => {
  test('the ready file and descriptor, SIGTERM and exit 0', async () => {
    const user = newUser();
    const daemon = await foreground(user);
    expect(daemon.facts).toEqual({
      listen: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      ca: join(user.home, 'ca.pem'),
      control: join(user.home, 'control.sock'),
      pid: daemon.child.pid,
    });
    // The ready file is there before the greeting has come through its pipe.
    await eventually(() => expect(daemon.stdout()).toContain('stop with Ctrl-C'));
    daemon.child.kill('SIGTERM');
    const ran = await daemon.ended;
    expect(ran.code).toBe(0);
    for (const line of ran.stderr.trim().split('\n')) expect(json(line)).toHaveProperty('level');
    expect(existsSync(join(user.home, 'control.sock'))).toBe(false);
    expect(existsSync(join(user.home, 'daemon.pid'))).toBe(false);
  });

  test('the first signal lets a stream go on, the second cuts it', async () => {
    const user = newUser();
    const port = await dripping();
    const daemon = await foreground(user, ['--connect-to', `drip.example.test=127.0.0.1:${port}`]);
    const client = await connectPlain(daemon);
    onTestFinished(() => client.destroy());
    client.write('CONNECT drip.example.test:443 HTTP/1.1\r\nHost: drip.example.test:443\r\n\r\n');
    // A hello for another host makes it a tunnel; these bytes are none, and the tunnel passes them.
    await eventually(() => expect(client.reader.received().toString('latin1')).toContain(' 200 '));
    client.write('anything');
    await eventually(() => expect(client.reader.received().toString('latin1')).toContain('..'));
    daemon.child.kill('SIGTERM');
    await eventually(() => expect(daemon.stderr()).toContain('"stopping"'));
    const size = client.reader.received().length;
    await eventually(() => expect(client.reader.received().length).toBeGreaterThan(size + 3));
    expect((await user.run(['status', '--json'])).stdout).toContain('"draining":true');
    daemon.child.kill('SIGTERM');
    expect((await daemon.ended).code).toBe(0);
    expect(daemon.stderr()).toContain('ending every connection now');
  });

  test('the deadline of a drain is kept', async () => {
    const user = newUser();
    const port = await dripping();
    const daemon = await foreground(user, ['--connect-to', `drip.example.test=127.0.0.1:${port}`, '--drain-seconds', '1']);
    const client = await connectPlain(daemon);
    onTestFinished(() => client.destroy());
    client.write('CONNECT drip.example.test:443 HTTP/1.1\r\nHost: drip.example.test:443\r\n\r\n');
    await eventually(() => expect(client.reader.received().toString('latin1')).toContain(' 200 '));
    client.write('anything');
    await eventually(() => expect(client.reader.received().toString('latin1')).toContain('..'));
    const at = performance.now();
    daemon.child.kill('SIGINT');
    expect((await daemon.ended).code).toBe(0);
    expect(performance.now() - at).toBeGreaterThan(900);
  });

  test('SIGHUP and reload take a new configuration, and refuse a broken one', async () => {
    const user = newUser();
    const config = join(user.folder, 'c.yaml');
    writeFileSync(config, 'mask: {email: mask}\n');
    const daemon = await foreground(user, ['--config', config]);
    const row = async (key: string) => {
      const rows = json((await user.run(['doctor', '--quick', '--json'])).stdout).config as unknown as {
        key: string;
        value: string;
        origin: string;
      }[];
      return rows.find((r) => r.key === key);
    };
    const before = json((await user.run(['ca', 'show', '--json'])).stdout);

    writeFileSync(config, 'mask: {email: block}\nlisten: 127.0.0.1:1\n');
    expect(await user.run(['reload'])).toMatchObject({ code: 0, stdout: 'reloaded: mask.email changed\n' });
    expect(await row('mask.email')).toEqual({ key: 'mask.email', value: 'block', origin: `${config}:1` });

    writeFileSync(config, 'mask: {email: loud}\n');
    const refused = await user.run(['reload']);
    expect(refused).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining(`refused, the old configuration stays: ${config}:1: mask.email`),
    });
    daemon.child.kill('SIGHUP');
    await eventually(() => expect(daemon.stderr().match(/reload refused/g)).toHaveLength(2));
    expect(await row('mask.email')).toMatchObject({ value: 'block' });

    writeFileSync(config, 'intercept: [new.example.test]\n');
    daemon.child.kill('SIGHUP');
    await eventually(() => expect(daemon.stderr()).toContain('"reloaded"'));
    expect(await row('intercept')).toMatchObject({ value: 'new.example.test' });
    expect(daemon.stderr()).toContain('a new CA was made');
    expect(json((await user.run(['ca', 'show', '--json'])).stdout).fingerprint256).not.toBe(before.fingerprint256);
    expect(readFileSync(join(user.home, 'proxy.pac'), 'utf8')).toContain('new.example.test');
    expect((await user.run(['stop'])).code).toBe(0);
    expect((await daemon.ended).code).toBe(0);
  });

  test('reloads under load drop nothing', async () => {
    const user = newUser();
    const provider = await startFakeProvider();
    onTestFinished(() => provider.close());
    const ca = join(user.folder, 'provider.pem');
    writeFileSync(ca, provider.authority.pem);
    const config = join(user.folder, 'c.yaml');
    writeFileSync(config, 'mask: {email: mask}\n');
    const daemon = await foreground(user, ['--config', config, '--connect-to', `*=127.0.0.1:${provider.port}`, '--upstream-ca', ca]);
    const body = JSON.stringify({ model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'hello' }] });
    const clients = await Promise.all(
      [1, 2, 3, 4].map(() =>
        connectTlsTunnel(daemon, 'api.anthropic.com:443', { ca: readFileSync(daemon.facts.ca, 'utf8'), alpn: ['http/1.1'] }),
      ),
    );
    onTestFinished(() => {
      for (const client of clients) client.destroy();
    });
    const statuses: number[] = [];
    let reloading = true;
    const ask = async (client: (typeof clients)[number]) => {
      while (reloading || statuses.length < 100) {
        const reply = await client.request(
          'POST /v1/messages',
          ['Host', 'api.anthropic.com', 'Content-Type', 'application/json', 'x-api-key', 'k'],
          Buffer.from(body),
        );
        statuses.push(reply.status);
      }
    };
    const asking = clients.map(ask);
    for (const [i, action] of ['block', 'off', 'mask'].entries()) {
      writeFileSync(config, `mask: {email: ${action}}\n`);
      daemon.child.kill('SIGHUP');
      await eventually(() => expect(daemon.stderr().match(/"reloaded"/g)).toHaveLength(i + 1));
    }
    reloading = false;
    await Promise.all(asking);
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(json<{ connections: number }>((await user.run(['status', '--json'])).stdout).connections).toBe(4);
  });

  test('it does not run under a debugger', async () => {
    const ran = await newUser().run(['start', '--foreground', ...FREE], { env: { NODE_OPTIONS: '--inspect=127.0.0.1:0' } });
    expect(ran).toMatchObject({ code: 1, stderr: expect.stringContaining('the daemon holds keys and does not run under --inspect') });
  });

  test('a log that nobody reads does not hold it up', async () => {
    const user = newUser();
    const daemon = await foreground(user, ['--log-level', 'trace']);
    daemon.child.stderr?.pause();
    for (let i = 0; i < 3; i++) expect((await user.run(['reload'])).code).toBe(0);
    expect((await user.run(['status'])).code).toBe(0);
  });
});
