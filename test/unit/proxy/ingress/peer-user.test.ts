// Who is at the other end, on this machine: real sockets, by either way of asking.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openPeerUsers } from '../../../../src/proxy/ingress/peer-user.ts';
import { openSocketDiagnosis } from '../../../../src/proxy/ingress/socket-diagnosis.ts';
import { canIsolate } from '../../../support/namespace.ts';

/** Our end of a fresh connection from `host`. */
async function connected(host: string): Promise<Socket> {
  const server = createServer({ allowHalfOpen: true });
  onTestFinished(() => void server.close());
  server.listen(0, host.startsWith('::') ? '::' : host);
  await once(server, 'listening');
  const client = connect((server.address() as { port: number }).port, host);
  const [ours] = (await once(server, 'connection')) as [Socket];
  onTestFinished(() => void [client, ours].map((socket) => socket.destroy()));
  return ours;
}

const hasIpv6 = await new Promise<boolean>((resolve) => {
  const probe = createServer().listen(0, '::1', () => probe.close(() => resolve(true)));
  probe.once('error', () => resolve(false));
});

describe.runIf(process.platform === 'linux')('it is us', () => {
  const ways = [
    ['asked for the one socket', () => openPeerUsers()],
    ['looked up in the table', () => openPeerUsers(() => undefined)],
  ] as const;
  const hosts = ['127.0.0.1', '127.9.9.9', ...(hasIpv6 ? ['::1', '::ffff:127.0.0.1'] : [])];
  test.each(ways.flatMap(([way, open]) => hosts.map((host) => [way, host, open] as const)))('%s: %s', async (_, host, open) => {
    expect(await open()(await connected(host))).toBe(process.getuid!());
  });

  // Were this Node to have no node:ffi, the table would answer for both, at a thousand times the price.
  test('the one socket can be asked for', () => {
    expect(openSocketDiagnosis()).toBeDefined();
  });
});

test.runIf(process.platform === 'linux')('nobody is there who is not there', async () => {
  const ours = await connected('127.0.0.1');
  const { localAddress, localPort, remoteAddress } = ours;
  for (const open of [() => openPeerUsers(), () => openPeerUsers(() => undefined)])
    expect(await open()({ localAddress, localPort, remoteAddress, remotePort: localPort! })).toBe('absent');
});

test.each([
  ['no address', {}],
  ['an address of IPv6 that is not loopback', { localAddress: '::1', localPort: 1, remoteAddress: 'fe80::1', remotePort: 2 }],
  ['ends of two families', { localAddress: '127.0.0.1', localPort: 1, remoteAddress: '::1', remotePort: 2 }],
  ['no port', { localAddress: '127.0.0.1', remoteAddress: '127.0.0.1' }],
])('%s is nobody', async (_, ends) => {
  const unasked = () => {
    throw new Error('asked');
  };
  expect(await openPeerUsers(unasked, unasked)(ends)).toBe('absent');
});

test('the table answers where the kernel declines', async () => {
  const ends = { localAddress: '127.0.0.1', localPort: 1, remoteAddress: '127.0.0.1', remotePort: 2 };
  let opened = 0;
  const ask = openPeerUsers(
    () => {
      opened++;
      return () => undefined;
    },
    () => Promise.resolve('untold'),
  );
  expect([await ask(ends), await ask(ends), opened]).toEqual(['untold', 'untold', 1]);
});

/** Prints who is at the other end of a connection to itself, by the table. */
const ASKER = `
  import { once } from 'node:events';
  import { connect, createServer } from 'node:net';
  const { openPeerUsers } = await import(process.argv[1]);
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect(server.address().port, '127.0.0.1');
  const [ours] = await once(server, 'connection');
  console.log(await openPeerUsers(() => undefined)(ours), (await import('node:fs')).existsSync('/proc/net'));
  for (const one of [client, ours, server]) one.destroy ? one.destroy() : one.close();
`;

// The unit of systemd sets ProcSubset=pid. /proc/net is gone then, where the table was read once: nobody could be told from anybody, and
// with `allow_uids: [self]` every user of the machine came in.
test.runIf(canIsolate)('the table is found where /proc shows processes alone', () => {
  const source = pathToFileURL(join(import.meta.dirname, '../../../../src/proxy/ingress/peer-user.ts')).href;
  const steps = 'mount -t proc -o subset=pid proc /proc; exec "$0" --input-type=module -e "$1" "$2"';
  const inside = ['-rmpf', '--mount-proc', 'sh', '-ec', steps, process.execPath, ASKER, source];
  const { stdout, stderr } = spawnSync('unshare', inside, { encoding: 'utf8', timeout: 10_000 });
  expect(stdout, stderr).toBe('0 false\n');
});
