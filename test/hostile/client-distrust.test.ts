// A client that does not take our certificate is told of once, in one line with the remedy.
// Claude Code, opencode and everything on Node left without an alert as soon as they saw the certificate, again at each retry: 23
// handshakes of one `claude -p` ended so, and the log, which knew alerts only, held nothing. Codex, which sends an alert, got a line for each of its tries.
import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { makeTestAuthority } from '../support/certificates.ts';
import { type Client, connectTlsTunnel, connectTunnel } from '../support/client.ts';
import { startTestDaemon } from '../support/daemon.ts';
import { helloOf } from '../support/hellos.ts';
import { startOrigin } from '../support/origin.ts';

const HOST = 'api.anthropic.com';
const MINUTE_MS = 60_000;

async function open() {
  const authority = makeTestAuthority();
  const origin = await startOrigin({ authority, alpn: ['http/1.1'], play: () => undefined });
  const clock = { ms: Date.now() };
  const daemon = await startTestDaemon({ upstream: origin, upstreamCa: authority.pem, now: () => clock.ms });
  onTestFinished(async () => {
    await daemon.close();
    await origin.close();
  });
  const lines = () => daemon.log.map((l) => JSON.parse(l)).filter((l) => l.level === 'warn');
  const rejected = () => {
    const { rejected: count = 0 } = daemon.proxy.status().totals;
    return count;
  };
  return { daemon, clock, lines, rejected };
}

const tunnel = async (daemon: { host: string; port: number }): Promise<Client> => {
  const client = await connectTunnel(daemon, `${HOST}:443`);
  onTestFinished(() => client.destroy());
  return client;
};

/** As Node does: the certificate fails its check and the socket is destroyed, without an alert. */
async function leave(daemon: { host: string; port: number }): Promise<void> {
  const client = await tunnel(daemon);
  client.reader.detach();
  const socket = connectTls({ socket: client.stream, servername: HOST, ca: [] });
  const [error] = await once(socket, 'error');
  expect(error.code).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
}

/** As OpenSSL and rustls do; in clear, since this hello knows no TLS 1.3. */
async function alert(daemon: { host: string; port: number }, description: number): Promise<void> {
  const client = await tunnel(daemon);
  await client.write(helloOf({ servername: HOST, maxVersion: 'TLSv1.2' }));
  await client.reader.until('\x0e\x00\x00\x00');
  await client.write(Buffer.from([21, 3, 3, 0, 2, 2, description]));
}

test('one that leaves without a word', async () => {
  const { daemon, lines, rejected } = await open();
  await leave(daemon);
  await expect.poll(rejected).toBe(1);
  const [line, ...more] = lines();
  expect(more).toEqual([]);
  expect(line).toMatchObject({ host: HOST });
  expect(line.msg).toMatch(/left .*certificate/);
  expect(line.msg).toContain('sallyport run');
  expect(line.msg).toContain('NODE_EXTRA_CA_CERTS');
  expect(line.msg).toMatch(/ca\.pem/);
});

test('one that resets the connection', async () => {
  const { daemon, lines, rejected } = await open();
  const client = await tunnel(daemon);
  await client.write(helloOf({ servername: HOST }));
  await client.reader.exactly(6);
  client.reset();
  await expect.poll(rejected).toBe(1);
  expect(lines().map((l) => l.host)).toEqual([HOST]);
});

test.each([
  ['unknown CA', 48],
  ['bad certificate', 42],
  ['unsupported certificate', 43],
  ['certificate expired', 45],
  ['certificate unknown', 46],
])('an alert: %s', async (_name, description) => {
  const { daemon, lines, rejected } = await open();
  await alert(daemon, description);
  await expect.poll(rejected).toBe(1);
  expect(lines().map((l) => l.msg)).toEqual([expect.stringContaining('does not trust our CA')]);
});

test('retries are counted and say nothing new; a minute later, or from another kind of client, it is said again', async () => {
  const { daemon, clock, lines, rejected } = await open();
  for (let i = 0; i < 3; i++) await leave(daemon);
  await expect.poll(rejected).toBe(3);
  expect(lines()).toHaveLength(1);
  await alert(daemon, 48);
  await expect.poll(rejected).toBe(4);
  expect(lines()).toHaveLength(2);
  clock.ms += MINUTE_MS;
  await leave(daemon);
  await expect.poll(rejected).toBe(5);
  expect(lines()).toHaveLength(3);
});

test('other ends of a handshake accuse nobody: no hello, an alert of another kind, our own shutdown', async () => {
  const { daemon, lines, rejected } = await open();
  (await tunnel(daemon)).end();
  await alert(daemon, 80);
  await expect.poll(() => daemon.log.filter((l) => l.includes('the TLS handshake with the client failed')).length).toBe(1);
  const client = await tunnel(daemon);
  await client.write(helloOf({ servername: HOST }));
  await client.reader.exactly(6);
  await daemon.proxy.close();
  await client.reader.rest();
  await expect.poll(() => daemon.log.filter((l) => l.includes('the TLS handshake with the client failed')).length).toBe(2);
  expect(rejected()).toBe(0);
  expect(lines()).toEqual([]);
});

test('a client that trusts us is not spoken of', async () => {
  const { daemon, lines } = await open();
  const client = await connectTlsTunnel(daemon, `${HOST}:443`, { ca: daemon.ca, alpn: ['http/1.1'] });
  client.end();
  await client.over;
  expect(lines()).toEqual([]);
});
