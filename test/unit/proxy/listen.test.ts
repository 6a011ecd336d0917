// The one port: opened on an address or on a socket that was handed over, and looked at from outside.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { arrives, listen } from '../../../src/proxy/listen.ts';
import { scratchFolder } from '../../support/folder.ts';

const LOCAL = { host: '127.0.0.1', port: 0 };

function newServer(onConnection = (): void => {}): Server {
  const server = createServer((socket) => {
    onConnection();
    socket.on('error', () => {});
    socket.resume();
  });
  onTestFinished(() => void server.close());
  return server;
}

/** The descriptor of a listening socket, as a service manager would hand it over; it lives as long as `server`. */
function descriptorOf(server: Server): number {
  return (server as unknown as { readonly _handle: { readonly fd: number } })._handle.fd;
}

/** Another process that listens on descriptor 3: what it says of it, and whether the connection that waited was accepted. */
const TAKER = `
  import { createServer } from 'node:net';
  const { listen } = await import(process.argv[1]);
  let accepted = 0;
  const server = createServer((socket) => { accepted++; socket.destroy(); });
  const judge = (at) => {
    if (process.argv[2] !== 'admit') throw new Error('not ' + at.host + ', ' + accepted);
  };
  const said = await listen(server, { fd: 3 }, judge).then((bound) => bound.port, (error) => error.message);
  if (server.listening) await new Promise((resolve) => server.once('connection', resolve));
  console.log(JSON.stringify([said, accepted]));
  server.close();
`;

async function handOver(word: 'admit' | 'refuse') {
  const giver = newServer();
  const { port } = await listen(giver, LOCAL);
  const source = pathToFileURL(join(import.meta.dirname, '../../../src/proxy/listen.ts')).href;
  const child = spawn(process.execPath, ['--input-type=module', '-e', TAKER, source, word], {
    stdio: ['ignore', 'pipe', 'inherit', descriptorOf(giver)],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  // From here on the child alone has it.
  giver.close();
  const waiting = connect(port, '127.0.0.1').on('error', () => {});
  onTestFinished(() => void waiting.destroy());
  await once(waiting, 'connect');
  return { port, said: JSON.parse((await child.stdout!.toArray()).join('')) as unknown[] };
}

test('a socket that was handed over is listened on, and who waited there is served', async () => {
  const { port, said } = await handOver('admit');
  expect(said).toEqual([port, 1]);
});

test('its address is judged before anybody is accepted', async () => {
  expect((await handOver('refuse')).said).toEqual(['not 127.0.0.1, 0', 0]);
});

test('what is no TCP socket is refused in one line', async () => {
  const folder = scratchFolder();
  const file = openSync(join(folder, 'file'), 'w');
  onTestFinished(() => closeSync(file));
  const pipe = newServer();
  await new Promise<void>((resolve) => pipe.listen(join(folder, 's.sock'), resolve));
  for (const fd of [file, descriptorOf(pipe), 9999])
    await expect(listen(newServer(), { fd })).rejects.toThrow(
      `descriptor ${fd} was handed over to listen on and is no TCP socket that can be`,
    );
});

test('an address that is taken is told by its code', async () => {
  const { port } = await listen(newServer(), LOCAL);
  await expect(listen(newServer(), { host: '127.0.0.1', port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

test.each(['127.0.0.1', '::1', '0.0.0.0', '::'])('a listener on %s is well', async (host) => {
  const server = newServer();
  await listen(server, { host, port: 0 });
  expect(await arrives(server, 5000)).toBe(true);
  expect(server.listenerCount('drop')).toBe(0);
});

test('one that is full is well: who is turned away has arrived', async () => {
  const server = newServer();
  server.maxConnections = 0;
  await listen(server, LOCAL);
  expect(await arrives(server, 5000)).toBe(true);
});

test('one whose connections end elsewhere is not, nor is one that is closed', async () => {
  const server = newServer();
  await listen(server, LOCAL);
  // As if the kernel held them and nobody fetched them.
  (server as unknown as { readonly _handle: { onconnection: () => void } })._handle.onconnection = () => {};
  expect(await arrives(server, 50)).toBe(false);
  server.close();
  expect(await arrives(server, 50)).toBe(false);
});
