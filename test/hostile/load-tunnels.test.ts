// Checklist H99, H103: idle tunnels cost little and a request beside them is served at once; out of descriptors the daemon refuses and
// recovers. SALLYPORT_LOAD=full opens ten thousand.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectTcp, createServer, type Server, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { type Client, connectTlsTunnel } from '../support/client.ts';
import { type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { type FakeProvider, startFakeProvider } from '../support/fake-provider.ts';
import { daemonPid, descriptorsOf, memoryOf } from '../support/process-facts.ts';
import { until } from '../support/scripted.ts';

const FULL = process.env.SALLYPORT_LOAD === 'full';
const BARE = FULL ? 10_000 : 400;
const SECURE = FULL ? 1000 : 60;
const HOST = 'api.anthropic.com';
const STRANGER = 'www.example.org';

async function start(): Promise<{ daemon: DaemonProcess; provider: FakeProvider; pid: number }> {
  const provider = await startFakeProvider();
  onTestFinished(() => provider.close());
  const silent = await listen();
  const daemon = await startDaemonProcess({
    upstreamCa: provider.authority.pem,
    args: ['--connect-to', `${STRANGER}=127.0.0.1:${silent}`, '--connect-to', `*=127.0.0.1:${provider.port}`],
  });
  onTestFinished(async () => void (await daemon.stop('SIGKILL')));
  return { daemon, provider, pid: daemonPid(daemon.home) };
}

/** A listener that says nothing, without anything of ours laid round its sockets. */
async function listen(): Promise<number> {
  const open = new Set<Socket>();
  const server: Server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => {});
  });
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 });
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return (server.address() as { port: number }).port;
}

/** A bare socket on which CONNECT was granted. */
async function bareTunnel(daemon: DaemonProcess): Promise<Socket> {
  const socket = connectTcp(daemon.port, daemon.host);
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  socket.write(`CONNECT ${STRANGER}:443 HTTP/1.1\r\nHost: ${STRANGER}:443\r\n\r\n`);
  const [reply] = (await once(socket, 'data')) as [Buffer];
  expect(reply.toString()).toMatch(/^HTTP\/1.1 200 /);
  return socket;
}

async function secureTunnel(daemon: DaemonProcess): Promise<Client> {
  const client = await connectTlsTunnel(daemon, `${HOST}:443`, { ca: daemon.ca, alpn: ['http/1.1'], waitMs: 30_000 });
  onTestFinished(() => client.destroy());
  return client;
}

async function many<T>(count: number, width: number, open: () => Promise<T>): Promise<T[]> {
  const out: T[] = [];
  let left = count;
  await Promise.all(
    Array.from({ length: width }, async () => {
      while (left-- > 0) out.push(await open());
    }),
  );
  return out;
}

/** Milliseconds that a request on a connection of its own takes. */
async function requestMs(daemon: DaemonProcess): Promise<number> {
  const began = performance.now();
  const client = await secureTunnel(daemon);
  expect((await client.request('GET /v1/models', ['Host', HOST])).status).toBe(200);
  client.destroy();
  return performance.now() - began;
}

test('idle tunnels cost little, and a request beside them is served at once', async () => {
  const { daemon, pid } = await start();
  await requestMs(daemon);
  const memory = () => memoryOf(pid)?.now ?? 0;
  const before = memory();
  const fdsBefore = descriptorsOf(pid);
  const bare = await many(BARE, 50, () => bareTunnel(daemon));
  const afterBare = memory();
  const secure = await many(SECURE, 20, () => secureTunnel(daemon));
  const afterSecure = memory();
  const took = await requestMs(daemon);
  const kib = (bytes: number, count: number) => Math.round(bytes / count / 1024);
  const facts = [
    `${kib(afterBare - before, BARE)} KiB bare`,
    `${kib(afterSecure - afterBare, SECURE)} KiB with TLS`,
    `a request in ${Math.round(took)} ms`,
  ];
  if (FULL) console.log(`${BARE} and ${SECURE} idle tunnels: ${facts.join(', ')}`);
  expect(took).toBeLessThan(3000);
  // Per tunnel; what a young process still grows by of itself is in it, and weighs more the fewer they are.
  if (before > 0) expect(kib(afterBare - before, BARE), facts.join()).toBeLessThan(FULL ? 20 : 150);
  if (before > 0) expect(kib(afterSecure - afterBare, SECURE), facts.join()).toBeLessThan(FULL ? 150 : 600);
  for (const socket of bare) socket.destroy();
  for (const client of secure) client.destroy();
  if (fdsBefore !== undefined) await until(() => descriptorsOf(pid)! <= fdsBefore + 5, 'descriptors return', 20_000);
});

const canLimit = process.platform === 'linux' && spawnSync('prlimit', ['--version']).status === 0;

test.runIf(canLimit)('out of descriptors: refused, then served again', async () => {
  const { daemon, pid } = await start();
  const kept = await secureTunnel(daemon);
  expect((await kept.request('GET /v1/models', ['Host', HOST])).status).toBe(200);
  const limit = descriptorsOf(pid)! + 40;
  expect(spawnSync('prlimit', ['--pid', String(pid), `--nofile=${limit}:${limit}`]).status).toBe(0);
  const outcomes = await Promise.all(Array.from({ length: 120 }, () => tryTunnel(daemon)));
  const granted = outcomes.filter((o) => o.granted);
  expect(granted.length).toBeLessThan(120);
  // Who was there before goes on, and nothing has fallen over.
  expect((await kept.request('GET /v1/models', ['Host', HOST])).status).toBe(200);
  for (const { socket } of outcomes) socket.destroy();
  const end = performance.now() + 15_000;
  let status = 0;
  while (status !== 200 && performance.now() < end) {
    status = await secureTunnel(daemon)
      .then(async (client) => (await client.request('GET /v1/models', ['Host', HOST])).status)
      .catch(() => 0);
  }
  expect(status).toBe(200);
  expect(daemon.child.exitCode).toBeNull();
});

async function tryTunnel(daemon: DaemonProcess): Promise<{ readonly granted: boolean; readonly socket: Socket }> {
  const socket = connectTcp(daemon.port, daemon.host);
  onTestFinished(() => void socket.destroy());
  const over = new Promise<boolean>((resolve) => {
    socket.on('data', (bytes: Buffer) => resolve(bytes.toString('latin1').startsWith('HTTP/1.1 200')));
    socket.on('error', () => resolve(false));
    socket.on('close', () => resolve(false));
    setTimeout(() => resolve(false), 5000);
  });
  socket.write(`CONNECT ${STRANGER}:443 HTTP/1.1\r\nHost: ${STRANGER}:443\r\n\r\n`);
  return { granted: await over, socket };
}
