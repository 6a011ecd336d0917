import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { controlOf, NotRunning } from '../../../../src/proxy/control/call.ts';
import type { Controlled } from '../../../../src/proxy/control/messages.ts';
import { type Control, serveControl } from '../../../../src/proxy/control/serve.ts';
import { controlPath } from '../../../../src/proxy/control/socket-path.ts';
import { NoSuchProfile } from '../../../../src/store/profiles.ts';
import { eventually } from '../../../support/eventually.ts';
import { scratchFolder } from '../../../support/folder.ts';

function daemon(over: Partial<Controlled> = {}) {
  const stops: boolean[] = [];
  const holds = { open: 0, values: [] as string[] };
  const controlled: Controlled = {
    status: () => ({ running: true, pid: 7 }) as never,
    connection: () => ({ proxyUrl: 'http://127.0.0.1:1' }) as never,
    config: () => [{ key: 'listen', value: '127.0.0.1:1', origin: 'default' }],
    references: async () => [{ reference: 'env:KEY', trouble: undefined }],
    fidelity: (host) => [{ host: host ?? 'any' }] as never,
    limits: () => ({ rows: [], counts: {} }),
    reset: () => ({ reset: 0 }),
    usage: () => ({ isWritten: true, prices: [] }),
    metrics: async (form) => (form === 'json' ? [{ name: 'up' }] : 'up 1\n'),
    reload: async () => ({ changed: ['mask'], notices: [], error: undefined }),
    unlock: async (key) => ({ locked: key && `not by ${key.toString('hex', 0, 2)}` }),
    stop: (now) => void stops.push(now),
    hold: (values) => {
      holds.open++;
      holds.values.push(...values);
      return { token: undefined, release: () => void holds.open-- };
    },
    ...over,
  };
  return { controlled, stops, holds };
}

const unexpected = (error: Error) => {
  throw error;
};

async function serve(home: string, controlled: Controlled): Promise<Control> {
  const control = await serveControl(controlPath(home), controlled, unexpected);
  onTestFinished(() => control.close());
  return control;
}

/** A raw request: status, headers, body text. */
function ask(home: string, route: string, options: { method?: string; headers?: Record<string, string>; body?: string } = {}) {
  return new Promise<{ status: number; allow: string | undefined; text: string }>((resolve, reject) => {
    const outgoing = request(
      {
        socketPath: controlPath(home),
        path: route,
        method: options.method ?? 'GET',
        agent: false,
        headers: { host: 'localhost', ...options.headers },
      },
      (reply) => {
        let text = '';
        reply.setEncoding('utf8');
        reply.on('data', (chunk) => {
          text += chunk;
        });
        reply.on('end', () => resolve({ status: reply.statusCode ?? 0, allow: reply.headers.allow, text }));
      },
    );
    outgoing.on('error', reject);
    outgoing.end(options.body);
  });
}

test('each call arrives and its answer comes back', async () => {
  const home = scratchFolder();
  const { controlled, stops } = daemon();
  await serve(home, controlled);
  const client = controlOf(home);
  expect((await client.status()).pid).toBe(7);
  expect(await client.usage()).toEqual({ isWritten: true, prices: [] });
  expect((await client.connection()).proxyUrl).toBe('http://127.0.0.1:1');
  expect(await client.config()).toHaveLength(1);
  expect(await client.unlock()).toEqual({});
  expect(await client.unlock(Buffer.alloc(32, 0xab))).toEqual({ locked: 'not by abab' });
  expect(await client.references()).toEqual([{ reference: 'env:KEY' }]);
  expect(await client.fidelity(undefined)).toEqual([{ host: 'any' }]);
  expect(await client.fidelity('a&b=c')).toEqual([{ host: 'a&b=c' }]);
  expect(await client.metrics()).toBe('up 1\n');
  expect(await client.metricsJson()).toEqual([{ name: 'up' }]);
  expect((await client.reload()).changed).toEqual(['mask']);
  await client.stop(true);
  await eventually(() => expect(stops).toEqual([true]));
});

test('the socket is 0600 whatever the umask, and gone after close', async () => {
  const home = scratchFolder();
  const before = process.umask(0);
  try {
    const control = await serveControl(controlPath(home), daemon().controlled, unexpected);
    expect((statSync(control.path).mode & 0o777).toString(8)).toBe('600');
    expect(process.umask()).toBe(0);
    await control.close();
    expect(existsSync(control.path)).toBe(false);
  } finally {
    process.umask(before);
  }
});

test('a socket file left by a killed process is replaced', async () => {
  const home = scratchFolder();
  writeFileSync(controlPath(home), '');
  await serve(home, daemon().controlled);
  expect((await controlOf(home).status()).pid).toBe(7);
});

test('nobody there: no socket, a dead socket, no home', async () => {
  const home = scratchFolder();
  await expect(controlOf(home).status()).rejects.toThrow(NotRunning);
  writeFileSync(controlPath(home), '');
  await expect(controlOf(home).status()).rejects.toThrow(`no daemon is running for ${home}`);
  await expect(controlOf(join(home, 'x')).hold()).rejects.toThrow(NotRunning);
  await expect(controlOf(join(home, 'x'.repeat(120))).hold()).rejects.toThrow(NotRunning);
});

test('a home deeper than a socket address is long', async () => {
  const home = join(scratchFolder(), 'd'.repeat(90), 'e'.repeat(90));
  mkdirSync(home, { recursive: true });
  const control = await serveControl(controlPath(home), daemon().controlled, unexpected);
  expect(existsSync(join(home, 'control.sock'))).toBe(true);
  expect((await controlOf(home).status()).pid).toBe(7);
  await control.close();
  expect(existsSync(join(home, 'control.sock'))).toBe(false);
  await expect(serveControl(controlPath(join(home, 'gone')), daemon().controlled, unexpected)).rejects.toThrow('ENOENT');
});

test.each([
  ['a page', { origin: 'http://localhost' }],
  ['a page, without Origin', { 'sec-fetch-site': 'same-origin' }],
  ['a rebound name', { host: 'attacker.example.com' }],
  ['a rebound name with a port', { host: 'localhost:80' }],
])('%s is refused', async (_name, headers) => {
  const home = scratchFolder();
  const { controlled, stops } = daemon();
  await serve(home, controlled);
  expect((await ask(home, '/status', { headers })).status).toBe(403);
  expect((await ask(home, '/stop', { method: 'POST', headers, body: '{}' })).status).toBe(403);
  expect(stops).toEqual([]);
});

test('what is no call is answered with what is wrong', async () => {
  const home = scratchFolder();
  await serve(home, daemon().controlled);
  const status = async (...args: Parameters<typeof ask> extends [unknown, ...infer Rest] ? Rest : never) =>
    (await ask(home, ...args)).status;
  expect(await status('/nothing')).toBe(404);
  expect(await status('/constructor')).toBe(404);
  expect(await status('http://localhost/status')).toBe(400);
  expect(await ask(home, '/stop')).toMatchObject({ status: 405, allow: 'POST' });
  expect(await status('/reload', { method: 'POST', body: '{' })).toBe(400);
  expect(await ask(home, '/reload', { method: 'POST', body: '{"x":1}' })).toMatchObject({
    status: 400,
    text: expect.stringContaining('x'),
  });
  expect(await ask(home, '/stop', { method: 'POST', body: '{"now":"yes"}' })).toMatchObject({
    status: 400,
    text: expect.stringContaining('now'),
  });
  expect(await status('/stop', { method: 'POST', body: ' '.repeat(70_000) })).toBe(413);
  expect(await status('/status', { method: 'GET', body: 'x' })).toBe(400);
  expect(await status('/reload', { method: 'POST' })).toBe(200);
});

test('a fault of the daemon stays inside', async () => {
  const home = scratchFolder();
  await serve(
    home,
    daemon({
      status: () => {
        throw new Error('secret detail');
      },
    }).controlled,
  );
  await expect(controlOf(home).status()).rejects.toThrow('the daemon answered 500: the daemon failed; see its log');
});

test('hold lasts as long as the connection, on either side', async () => {
  const home = scratchFolder();
  const { controlled, holds } = daemon();
  const control = await serveControl(controlPath(home), controlled, unexpected);
  const one = await controlOf(home).hold();
  const two = await controlOf(home).hold(['one', 'two']);
  expect(holds).toEqual({ open: 2, values: ['one', 'two'] });
  one.release();
  await eventually(() => expect(holds.open).toBe(1));
  await control.close();
  await two.ended;
  await eventually(() => expect(holds.open).toBe(0));
});

test('a hold brings the token that the daemon made for it, and tells of none in one line', async () => {
  const home = scratchFolder();
  const asked: (string | undefined)[] = [];
  const { controlled } = daemon({
    hold: (_, profile) => {
      asked.push(profile);
      if (profile === 'wrok') throw new NoSuchProfile(profile);
      return { token: profile && `token of ${profile}`, release: () => {} };
    },
  });
  await serve(home, controlled);
  const client = controlOf(home);
  const tokens = [];
  for (const profile of [undefined, 'work']) {
    const held = await client.hold([], profile);
    tokens.push(held.token);
    held.release();
  }
  expect(tokens).toEqual([undefined, 'token of work']);
  await expect(client.hold([], 'wrok')).rejects.toThrow(/^there is no profile «wrok»/);
  expect(asked).toEqual([undefined, 'work', 'wrok']);
});

test('a daemon that ends in the middle of an answer, or answers nonsense', async () => {
  const home = scratchFolder();
  const answers = ['', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{', 'HTTP/1.1 502 Bad\r\ncontent-length: 0\r\n\r\n'];
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(answers.shift() ?? ''));
  });
  await new Promise<void>((resolve) => server.listen(controlPath(home), resolve));
  onTestFinished(() => void server.close());
  await expect(controlOf(home).status()).rejects.toThrow('the daemon ended before it had answered (ECONNRESET)');
  await expect(controlOf(home).status()).rejects.toThrow('the daemon ended before it had answered');
  await expect(controlOf(home).status()).rejects.toThrow('the daemon answered 502: without a reason');
});

test('bytes that are not HTTP hurt nobody', async () => {
  const home = scratchFolder();
  await serve(home, daemon().controlled);
  const socket = connect(controlPath(home));
  socket.on('error', () => {});
  socket.resume();
  socket.end('\0\0garbage\r\n\r\n');
  await new Promise((resolve) => socket.once('close', resolve));
  expect((await controlOf(home).status()).pid).toBe(7);
});
