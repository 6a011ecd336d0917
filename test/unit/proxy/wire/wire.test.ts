// A cut is a reset, at once, and behind the bytes that were written before it.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { Wire } from '../../../../src/proxy/wire/wire.ts';
import { ByteReader } from '../../../support/byte-reader.ts';

async function pair(): Promise<{ readonly wire: Wire; readonly peer: ByteReader }> {
  const server = createServer({ allowHalfOpen: true });
  onTestFinished(() => void server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  const [[ours]] = (await Promise.all([accepted, once(socket, 'connect')])) as [[Socket], unknown];
  onTestFinished(() => void ours.destroy());
  return { wire: new Wire(ours, ours), peer: new ByteReader(socket) };
}

test('with a little written and not yet handed over', async () => {
  const { wire, peer } = await pair();
  const began = performance.now();
  const uncork = wire.cork();
  wire.write('before');
  queueMicrotask(uncork);
  wire.cut();
  expect((await peer.rest()).toString()).toBe('before');
  expect(peer.ending).toMatchObject({ how: 'reset' });
  expect(performance.now() - began).toBeLessThan(300);
  expect(wire.isCut).toBe(true);
});

test('after the polite end was begun', async () => {
  const { wire, peer } = await pair();
  const uncork = wire.cork();
  wire.write('before');
  wire.end();
  queueMicrotask(uncork);
  wire.cut();
  expect((await peer.rest()).toString()).toBe('before');
  expect((await peer.ended).how).not.toBe('error');
});

test('at once, whatever was written, when every byte costs', async () => {
  const { wire, peer } = await pair();
  wire.write(Buffer.alloc(8 << 20));
  wire.cut(true);
  await peer.rest();
  expect(peer.ending).toMatchObject({ how: 'reset' });
  expect(peer.totalBytes).toBeLessThan(8 << 20);
  wire.cut();
  wire.end();
});
