// The story: a reply of no announced length whose connection was cut by a forged FIN looked complete to the client. A polite server must never
// be taken for one that was cut, however slowly its bytes are read.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, TLSSocket } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { watchForBareEnd } from '../../../../src/proxy/wire/bare-end.ts';
import { makeTestAuthority } from '../../../support/certificates.ts';

const authority = makeTestAuthority();

/** How the server ends after so many bytes, and what is then said of it; `slow`: read with pauses. */
async function judged(version: 'TLSv1.2' | 'TLSv1.3', polite: boolean, bytes: number, slow: boolean): Promise<boolean> {
  const listener = createServer({ allowHalfOpen: true });
  onTestFinished(() => void listener.close());
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const accepted = once(listener, 'connection');
  const carrier = connect({ port: (listener.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true });
  const socket = connectTls({ socket: carrier, ca: authority.pem, servername: 'localhost' });
  socket.allowHalfOpen = true;
  const [raw] = (await accepted) as [Socket];
  const secureContext = createSecureContext({ ...authority.leaf('localhost'), minVersion: version, maxVersion: version });
  const server = new TLSSocket(raw, { isServer: true, secureContext });
  for (const end of [server, socket]) end.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, 'secureConnect');
  const isBare = watchForBareEnd(socket, carrier);
  socket.on('data', () => {
    if (!slow) return;
    socket.pause();
    setImmediate(() => socket.resume());
  });
  expect(isBare()).toBe(false);
  const ended = once(socket, 'end');
  if (polite) server.end(Buffer.alloc(bytes));
  else server.write(Buffer.alloc(bytes), () => server.destroy());
  await ended;
  return isBare();
}

const SHAPES = ['TLSv1.2', 'TLSv1.3'].flatMap((version) =>
  [1, 50_000, 3_000_000].flatMap((bytes) => [false, true].map((slow) => [version as 'TLSv1.3', bytes, slow] as const)),
);

test.each(SHAPES)('%s, %i bytes, read slowly: %s: a FIN alone is told from close_notify', async (version, bytes, slow) => {
  expect(await judged(version, false, bytes, slow)).toBe(true);
  expect(await judged(version, true, bytes, slow)).toBe(false);
});

test('where Node has other handles, nothing is claimed', () => {
  for (const [tls, tcp] of [
    [{ reading: true }, {}],
    [{ reading: true }, undefined],
    [undefined, { readStart: () => 0 }],
    [{ reading: true }, { readStart: () => -114 }],
  ]) {
    const socket = { push: () => true, _handle: tls } as unknown as TLSSocket;
    const isBare = watchForBareEnd(socket, { _handle: tcp } as unknown as Socket);
    socket.push(null);
    expect(isBare()).toBe(false);
  }
});
