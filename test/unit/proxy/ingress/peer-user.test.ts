// Who is at the other end, on this machine: real sockets, by either way of asking.
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openPeerUsers } from '../../../../src/proxy/ingress/peer-user.ts';
import { openSocketDiagnosis } from '../../../../src/proxy/ingress/socket-diagnosis.ts';

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
