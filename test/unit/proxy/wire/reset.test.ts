// The story: resetting the TCP socket underneath a TLS socket while a write was pending between the two ended the whole daemon with
// SIGSEGV, and a client that was cut in mid-download did just that. A crash here ends the test run, which is the point.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, TLSSocket } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { resetConnection } from '../../../../src/proxy/wire/reset.ts';
import { makeTestAuthority } from '../../../support/certificates.ts';

const authority = makeTestAuthority();
const secureContext = createSecureContext(authority.leaf('localhost'));

interface Ends {
  readonly socket: TLSSocket;
  readonly carrier: Socket;
}

/** A server and a client of one TLS connection whose handshake has just begun. */
async function beginning(): Promise<{ readonly server: Ends; readonly client: Ends }> {
  const listener = createServer({ allowHalfOpen: true });
  onTestFinished(() => void listener.close());
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const accepted = once(listener, 'connection');
  const below = connect({ port: (listener.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true });
  const client = { carrier: below, socket: connectTls({ socket: below, ca: authority.pem, servername: 'localhost' }) };
  const [carrier] = (await accepted) as [Socket];
  const server = { carrier, socket: new TLSSocket(carrier, { isServer: true, secureContext }) };
  for (const end of [server, client]) {
    end.socket.on('error', () => {});
    onTestFinished(() => void end.socket.destroy());
  }
  return { server, client };
}

/** The same in mid-conversation, both sides paused. */
async function pair(): Promise<{ readonly server: Ends; readonly client: Ends }> {
  const { server, client } = await beginning();
  // Nothing of the handshake may be left to write: whoever learns of a reset by a write reads a clean end afterwards.
  client.socket.write('hello');
  await once(server.socket, 'data');
  server.socket.write('hello');
  await once(client.socket, 'data');
  server.socket.pause();
  client.socket.pause();
  return { server, client };
}

/** More than the kernel takes from a sender whose peer does not read. */
const MUCH = Buffer.alloc(8 << 20);

test.each(['server', 'client'] as const)('the other side of a %s that resets sees a reset', async (who) => {
  const ends = await pair();
  const other = who === 'server' ? ends.client : ends.server;
  const error = once(other.socket, 'error');
  const closed = once(ends[who].carrier, 'close');
  other.socket.resume();
  resetConnection(ends[who].socket, ends[who].carrier);
  expect((await error)[0]).toMatchObject({ code: 'ECONNRESET' });
  await closed;
  expect(ends[who].carrier.destroyed).toBe(true);
});

test.each(['server', 'client'] as const)('a %s with writes pending, in every order', async (who) => {
  for (let round = 0; round < 12; round++) {
    const { socket, carrier } = (await pair())[who];
    for (let i = 0; i <= round % 3; i++) socket.write(MUCH);
    if (round % 4 === 1) await new Promise(setImmediate);
    if (round % 4 === 2) await new Promise((resolve) => setTimeout(resolve, 3));
    socket.write(MUCH.subarray(0, 70_000));
    if (round % 4 === 3) socket.end();
    const closed = once(socket, 'close');
    resetConnection(socket, carrier);
    resetConnection(socket, carrier);
    socket.write('late');
    await closed;
  }
});

test.each(['server', 'client'] as const)('a %s from within its own reading, with more to read and more to write', async (who) => {
  for (let round = 0; round < 6; round++) {
    const ends = await pair();
    const { socket, carrier } = ends[who];
    (who === 'server' ? ends.client : ends.server).socket.write(MUCH);
    const closed = once(socket, 'close');
    socket.once('data', () => {
      if (round % 2 === 0) socket.write(MUCH);
      resetConnection(socket, carrier);
    });
    socket.resume();
    await closed;
  }
});

test.each([
  ['server', 'secure'],
  ['client', 'secureConnect'],
] as const)('a %s as soon as the handshake is done, with more to write', async (who, event) => {
  const { socket, carrier } = (await beginning())[who];
  const closed = once(socket, 'close');
  socket.once(event, () => {
    socket.write(MUCH);
    resetConnection(socket, carrier);
  });
  await closed;
});

test('while the polite end is under way the descriptor is closed all the same', async () => {
  const { server } = await pair();
  server.socket.write(MUCH);
  server.socket.end();
  const closed = once(server.carrier, 'close');
  resetConnection(server.socket, server.carrier);
  await closed;
});
