// Runs inside a network namespace: a name leads to a public address (which loopback has here), then, while its tunnel is open, to this
// machine itself. Prints what each question was answered and at which address something arrived.

import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { makeTestAuthority } from '../../support/certificates.ts';
import { connectTlsTunnel, connectTunnel } from '../../support/client.ts';
import { startTestDaemon } from '../../support/daemon.ts';
import { replyBytes } from '../../support/http1.ts';
import { startOrigin } from '../../support/origin.ts';

export interface Rebound {
  readonly answers: Readonly<Record<string, number>>;
  /** Addresses connected to, in order. */
  readonly reached: readonly string[];
}

const HOST = 'rebind.victim.example.test';
const PUBLIC = '9.9.9.9';
const reached: string[] = [];
const answers: Record<string, number> = {};
const lead = (address: string) => writeFileSync('/etc/hosts', `${address} ${HOST}\n`);

const authority = makeTestAuthority();
const origin = await startOrigin({
  authority,
  alpn: ['http/1.1'],
  play: async (c) => {
    const q = await c.request();
    await c.write(replyBytes('200 OK', ['Connection', 'keep-alive'], q!.target));
    c.end();
  },
});
const front = createServer((socket: Socket) => {
  reached.push((socket.localAddress ?? '').replace('::ffff:', ''));
  const behind = connect(origin.port, origin.host);
  for (const [from, to] of [
    [socket, behind],
    [behind, socket],
  ] as const) {
    from.on('error', () => to.destroy());
    from.on('data', (bytes) => to.write(bytes));
    from.on('end', () => to.end());
  }
});
front.listen(443, '::');
await once(front, 'listening');

const daemon = await startTestDaemon({
  upstreamCa: authority.pem,
  settings: { intercept: ['*.victim.example.test'] },
  limits: { connectMs: 2_000 },
});
const ask = async (name: string, client: Awaited<ReturnType<typeof connectTlsTunnel>>) => {
  answers[name] = (await client.request(`GET /${name}`, ['Host', HOST])).status;
};
const open = () => connectTlsTunnel(daemon, `${HOST}:443`, { ca: daemon.ca, alpn: ['http/1.1'] });

for (const [i, address] of ['127.0.0.1', '10.1.2.3', '169.254.169.254'].entries()) {
  lead(PUBLIC);
  const tunnel = await open();
  await ask(`before-${address}`, tunnel);
  // Upstream has closed, so the next request of the tunnel needs a new connection.
  await origin.connections[i]!.reader.ended;
  lead(address);
  await ask(`rebound-${address}`, tunnel);
  answers[`connect-${address}`] = (await connectTunnel(daemon, `${HOST}:443`)).tunnelReply?.status ?? 0;
}
process.stdout.write(JSON.stringify({ answers, reached } satisfies Rebound), () => process.exit(0));
