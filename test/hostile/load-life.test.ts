// Checklist H101, H102, H104, H106: signals, reloads and sudden death while there is traffic. SALLYPORT_LOAD=full sends ten thousand.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { connectTlsTunnel } from '../support/client.ts';
import { type DaemonProcess, LAUNCHER, startDaemonProcess } from '../support/daemon-process.ts';
import { startFakeProvider } from '../support/fake-provider.ts';
import { scratchFolder } from '../support/folder.ts';
import { requestBytes } from '../support/http1.ts';
import { daemonPid } from '../support/process-facts.ts';
import { EMAIL } from '../support/samples.ts';

const HOST = 'api.anthropic.com';
const REQUESTS = process.env.SALLYPORT_LOAD === 'full' ? 10_000 : 1200;

async function world(home?: string) {
  const provider = await startFakeProvider();
  onTestFinished(() => provider.close());
  const start = async (): Promise<DaemonProcess> => {
    const daemon = await startDaemonProcess({ upstream: provider, upstreamCa: provider.authority.pem, ...(home ? { home } : {}) });
    onTestFinished(async () => void (await daemon.stop('SIGKILL')));
    return daemon;
  };
  return { provider, start };
}

async function connect(daemon: DaemonProcess, ca = daemon.ca) {
  const client = await connectTlsTunnel(daemon, `${HOST}:443`, { ca, alpn: ['http/1.1'], waitMs: 30_000 });
  onTestFinished(() => client.destroy());
  return client;
}

const ask = (words: string) =>
  requestBytes(
    'POST /v1/messages',
    ['Host', HOST, 'Content-Type', 'application/json'],
    JSON.stringify({ messages: [{ role: 'user', content: words }] }),
  );

test('reload under load drops nothing', async () => {
  const { provider, start } = await world();
  const daemon = await start();
  let done = 0;
  let reloads = 0;
  const failures: unknown[] = [];
  const workers = Array.from({ length: 8 }, async (_, w) => {
    let client = await connect(daemon);
    while (done < REQUESTS) {
      const n = done++;
      await client.write(ask(`request ${n} to ${EMAIL}`));
      const reply = await client.reply();
      if (reply.status !== 200 || !reply.body.toString().includes(`request ${n} to ${EMAIL}`)) failures.push([n, reply.startLine]);
      // New tunnels are made while the settings are swapped, too.
      if (n % 25 === w) {
        client.end();
        client = await connect(daemon);
      }
    }
  });
  const hangUp = setInterval(() => {
    process.kill(daemonPid(daemon.home), 'SIGHUP');
    reloads++;
  }, 150);
  await Promise.all(workers).finally(() => clearInterval(hangUp));
  expect(failures).toEqual([]);
  expect(reloads).toBeGreaterThan(2);
  expect(provider.capture.requests.length).toBe(done);
  expect(daemon.output()).toMatch(/reloaded/);
});

test('SIGKILL in the middle of it all: the same CA, a sound database, an answer at once', async () => {
  const { start } = await world(join(scratchFolder(), 'home'));
  const first = await start();
  const { ca } = first;
  const load = Array.from({ length: 6 }, async (_, w) => {
    const client = await connect(first);
    for (let i = 0; i < 10_000 && !client.stream.destroyed; i++) {
      await client.write(ask(`${w} ${i} to ${EMAIL}`));
      await client.reply();
    }
  });
  const over = Promise.allSettled(load);
  // Some way into it, whatever is being written then.
  await new Promise((resolve) => setTimeout(resolve, 700));
  await first.stop('SIGKILL');
  await over;
  const file = join(first.home, 'sallyport.db');
  expect(existsSync(file)).toBe(true);
  const database = new Database(file);
  expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
  database.close();
  const second = await start();
  expect(second.ca).toBe(ca);
  const client = await connect(second, ca);
  await client.write(ask('after'));
  expect((await client.reply()).status).toBe(200);
});

test('a second instance fails loudly, whether home or port is taken', async () => {
  const { start } = await world();
  const daemon = await start();
  const run = async (args: readonly string[]): Promise<{ code: number; said: string }> => {
    const child = spawn(LAUNCHER, ['start', '--foreground', ...args], { env: { PATH: process.env.PATH ?? '', HOME: scratchFolder() } });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => (said += bytes.toString()));
    const [code] = await once(child, 'close');
    return { code, said };
  };
  const sameHome = await run(['--home', daemon.home, '--listen', '127.0.0.1:0']);
  expect(sameHome.code).not.toBe(0);
  expect(sameHome.said).toContain('already running');
  const samePort = await run(['--home', join(scratchFolder(), 'other'), '--listen', `127.0.0.1:${daemon.port}`]);
  expect(samePort.code).not.toBe(0);
  expect(samePort.said).toMatch(new RegExp(`${daemon.port}`));
  const client = await connect(daemon);
  expect((await client.request('GET /v1/models', ['Host', HOST])).status).toBe(200);
});

test('SIGTERM with streams open: they end, newcomers are refused, the exit code is 0', async () => {
  const { start } = await world();
  const daemon = await start();
  const streams = await Promise.all(
    Array.from({ length: 10 }, async (_, i) => {
      const client = await connect(daemon);
      const body = JSON.stringify({ stream: true, messages: [{ role: 'user', content: `[[pause 20]] ${i} to ${EMAIL}` }] });
      await client.write(requestBytes('POST /v1/messages', ['Host', HOST, 'Content-Type', 'application/json'], body));
      await client.reader.until('\r\n\r\n');
      return client;
    }),
  );
  const idle = await connect(daemon);
  const exit = daemon.stop('SIGTERM');
  expect(await idle.over).toMatchObject({ how: 'fin' });
  await expect(connect(daemon)).rejects.toThrow();
  for (const [i, client] of streams.entries()) {
    const text = (await client.reader.rest()).toString();
    expect(text).toContain('message_stop');
    expect(text).toContain(`${i}`);
    expect(client.reader.ending?.how).toBe('end');
  }
  expect(await exit).toBe(0);
});
