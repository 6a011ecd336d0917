// The corporate parent proxy, played by a scripted listener: what we send it, and every way in which it can answer wrong.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, Socket } from 'node:net';
import tls from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseAuthority } from '../../../../src/authority.ts';
import { openTcp, type TcpOptions } from '../../../../src/proxy/egress/connect.ts';
import { bypasses, openTunnel, parseParentProxy } from '../../../../src/proxy/egress/parent-proxy.ts';
import { makeTestAuthority } from '../../../support/certificates.ts';

let open: (() => void)[];
beforeEach(() => {
  open = [];
});
afterEach(() => {
  for (const close of open) close();
});

interface Parent {
  readonly url: string;
  /** The heads it was sent. */
  readonly heads: string[];
  readonly sockets: Socket[];
}

/** A proxy that reads a head and then does what `act` says. */
async function startParent(act: (socket: Socket, head: string) => void, credentials = ''): Promise<Parent> {
  const heads: string[] = [];
  const sockets: Socket[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    let head = '';
    const read = (chunk: Buffer) => {
      head += chunk.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      socket.off('data', read);
      heads.push(head);
      act(socket, head);
    };
    socket.on('data', read);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { url: `http://${credentials}127.0.0.1:${(server.address() as AddressInfo).port}`, heads, sockets };
}

function options(parent: Parent, more: Partial<TcpOptions> = {}): TcpOptions {
  return {
    authority: parseAuthority('api.example.test:443'),
    policy: { mappingFor: () => undefined, allowsPrivate: () => false },
    intercepted: true,
    own: () => [],
    lookup: () => Promise.reject(new Error('nothing is looked up here')),
    timeoutMs: 5000,
    signal: new AbortController().signal,
    parentProxy: { url: parent.url, noProxy: [] },
    ...more,
  };
}

async function opened(of: TcpOptions): Promise<Socket> {
  const socket = await openTcp(of);
  socket.on('error', () => {});
  open.push(() => socket.destroy());
  return socket;
}

/** What the tunnel gives, read the way the relays do. */
async function firstText(socket: Socket, length: number): Promise<string> {
  let all = '';
  socket.on('data', (chunk) => {
    all += chunk;
  });
  await expect.poll(() => all.length).toBeGreaterThanOrEqual(length);
  return all;
}

describe('a tunnel', () => {
  it('is asked for by name, without credentials where there are none', async () => {
    const parent = await startParent((socket) => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.on('data', (chunk) => socket.write(`echo ${chunk}`));
    });
    const socket = await openTcp(options(parent));
    open.push(() => socket.destroy());
    const untouched = new Socket();
    for (const event of ['readable', 'data', 'end', 'close', 'error', 'connect']) {
      expect(socket.listenerCount(event), event).toBe(untouched.listenerCount(event));
    }
    expect(parent.heads).toEqual(['CONNECT api.example.test:443 HTTP/1.1\r\nHost: api.example.test:443\r\n\r\n']);
    socket.write('hello');
    expect(await firstText(socket, 10)).toBe('echo hello');
  });

  it('is asked for with the credentials of the URL, decoded', async () => {
    const parent = await startParent((socket) => void socket.write('HTTP/1.0 204\r\n\r\n'), 'us%40er:p%3Ass%20%C3%A9@');
    await opened(options(parent));
    const value = Buffer.from('us@er:p:ss é', 'utf8').toString('base64');
    expect(parent.heads[0]).toBe(
      `CONNECT api.example.test:443 HTTP/1.1\r\nHost: api.example.test:443\r\nProxy-Authorization: Basic ${value}\r\n\r\n`,
    );
  });

  it('is asked for with brackets round an IPv6 address', async () => {
    const parent = await startParent((socket) => void socket.write('HTTP/1.1 200 OK\r\n\r\n'));
    await opened(options(parent, { authority: parseAuthority('[2606:4700::1]:443') }));
    expect(parent.heads[0]).toMatch(/^CONNECT \[2606:4700::1\]:443 HTTP\/1\.1\r\nHost: \[2606:4700::1\]:443\r\n/);
  });

  it.each([
    ['in one piece', 1e6],
    ['byte by byte', 1],
  ])('keeps what comes behind the head of the answer %s', async (_, size) => {
    const parent = await startParent((socket) => {
      const all = 'HTTP/1.1 200 OK\r\nX-Filler: 1\r\nContent-Length: 5\r\n\r\nfirst words';
      for (let i = 0; i < all.length; i += size) socket.write(all.slice(i, i + size));
    });
    parent.sockets.forEach((s) => {
      s.setNoDelay(true);
    });
    const socket = await opened(options(parent));
    expect(await firstText(socket, 11)).toBe('first words');
  });

  it('carries TLS', async () => {
    const authority = makeTestAuthority();
    const { cert, key } = authority.leaf('api.example.test');
    const origin = tls.createServer({ cert, key }, (socket) => {
      socket.on('error', () => {});
      socket.end('secret');
    });
    origin.listen(0, '127.0.0.1');
    await once(origin, 'listening');
    open.push(() => origin.close());
    const parent = await startParent((socket) => {
      const onward = connect({ host: '127.0.0.1', port: (origin.address() as AddressInfo).port });
      open.push(() => onward.destroy());
      onward.on('error', () => {});
      onward.on('data', (chunk) => socket.write(chunk));
      socket.on('data', (chunk) => onward.write(chunk));
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
    });
    const socket = await opened(options(parent));
    const secure = tls.connect({ socket, servername: 'api.example.test', ca: [authority.pem] });
    open.push(() => secure.destroy());
    secure.on('error', () => {});
    expect(await firstText(secure, 6)).toBe('secret');
    expect(secure.authorized).toBe(true);
  });
});

describe('an answer that is no tunnel', () => {
  const head = (status: string) => (socket: Socket) => void socket.write(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`);
  it.each<[string, (socket: Socket) => void, string]>([
    [
      '407',
      head('407 Proxy Authentication Required'),
      'the parent proxy asks for credentials (407): put them into the URL of parent_proxy',
    ],
    ['503', head('503 Service Unavailable'), 'the parent proxy answered 503'],
    ['302', head('302 Found'), 'the parent proxy answered 302'],
    ['100', head('100 Continue'), 'the parent proxy answered 100'],
    ['garbage', (s) => void s.write('SSH-2.0-OpenSSH_9.6\r\n\r\n'), 'the parent proxy did not answer in HTTP'],
    ['another version', (s) => void s.write('HTTP/2 200\r\n\r\n'), 'the parent proxy did not answer in HTTP'],
    ['a status of four digits', (s) => void s.write('HTTP/1.1 2000 OK\r\n\r\n'), 'the parent proxy did not answer in HTTP'],
    ['no end', (s) => void s.write('x'.repeat(20_000)), 'the answer of the parent proxy is too long'],
    [
      'a long head',
      (s) => void s.write(`HTTP/1.1 200 OK\r\nA: ${'x'.repeat(20_000)}\r\n\r\n`),
      'the answer of the parent proxy is too long',
    ],
    ['a close', (s) => void s.end(), 'the parent proxy closed the connection'],
    ['a close in the head', (s) => void s.end('HTTP/1.1 200 OK\r\n'), 'the parent proxy closed the connection'],
    ['a reset', (s) => void s.resetAndDestroy(), 'the connection to the parent proxy broke'],
  ])('%s', async (_, act, detail) => {
    const parent = await startParent(act);
    await expect(openTcp(options(parent))).rejects.toMatchObject({ code: 'upstream-unreachable', detail });
    // Nothing is left open on our side.
    await expect.poll(() => parent.sockets.every((s) => s.destroyed || s.readableEnded || s.errored)).toBe(true);
  });

  it('407 to credentials says that they are wrong, and never what they are', async () => {
    const parent = await startParent(head('407 Nope'), 'user:geheim@');
    const fault = await openTcp(options(parent)).catch((e: unknown) => e as Error);
    expect(fault).toMatchObject({ detail: 'the parent proxy did not accept the credentials in the URL of parent_proxy (407)' });
    expect(JSON.stringify(fault) + String((fault as Error).stack)).not.toMatch(/geheim|dXNlcjpnZWhlaW0/);
  });

  it('silence is bounded', async () => {
    const parent = await startParent(() => {});
    await expect(openTcp(options(parent, { timeoutMs: 100 }))).rejects.toMatchObject({ code: 'upstream-unreachable', detail: 'timed out' });
    await expect.poll(() => parent.sockets.every((s) => s.readableEnded || s.destroyed)).toBe(true);
  });

  it('is not waited for when the client leaves', async () => {
    const left = new AbortController();
    const parent = await startParent(() => left.abort());
    await expect(openTcp(options(parent, { signal: left.signal }))).rejects.toMatchObject({ code: 'client-gone' });
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(parent.url).port) });
    await once(socket, 'connect');
    const gone = openTunnel(socket, parseParentProxy(parent.url), parseAuthority('api.example.test:443'), AbortSignal.abort('left'));
    await expect(gone).rejects.toBe('left');
    expect(socket.destroyed).toBe(true);
  });
});

describe('no_proxy', () => {
  it.each([
    ['*', 'api.example.test:443', true],
    ['example.test', 'example.test:443', true],
    ['example.test', 'api.example.test:443', true],
    ['.example.test', 'api.example.test:443', true],
    ['.example.test', 'example.test:443', true],
    ['*.example.test', 'api.example.test:443', true],
    ['EXAMPLE.test.', 'api.example.test:443', true],
    [' example.test ', 'api.example.test:443', true],
    ['example.test', 'badexample.test:443', false],
    ['api.example.test', 'example.test:443', false],
    ['example.test:443', 'api.example.test:443', true],
    ['example.test:8443', 'api.example.test:443', false],
    ['', 'api.example.test:443', false],
    ['.', 'api.example.test:443', false],
    ['10.0.0.1', '10.0.0.1:443', true],
    ['10.0.0.1:443', '10.0.0.1:443', true],
    ['10.0.0.1:80', '10.0.0.1:443', false],
    ['10.0.0.2', '10.0.0.1:443', false],
    ['10.0.0.0/8', '10.9.8.7:443', true],
    ['10.0.0.0/8', '11.9.8.7:443', false],
    ['0.0.0.1', '10.0.0.1:443', false],
    ['fd00::/8', '[fd12::1]:443', true],
    ['fd12::1', '[fd12::1]:443', true],
    ['[fd12::1]', '[fd12::1]:443', true],
    ['[fd12::1]:443', '[fd12::1]:443', true],
    ['[fd12::1]:80', '[fd12::1]:443', false],
    ['10.0.0.0/8', 'api.example.test:443', false],
    ['example.test', '10.0.0.1:443', false],
  ])('«%s» for %s: %s', (entry, target, expected) => {
    expect(bypasses(['other.test', entry], parseAuthority(target))).toBe(expected);
    expect(bypasses([], parseAuthority(target))).toBe(false);
  });
});

describe('the URL', () => {
  it.each([
    ['http://proxy.test', { host: 'proxy.test', port: 80, authorization: undefined }],
    ['http://proxy.test:3128/', { host: 'proxy.test', port: 3128, authorization: undefined }],
    ['http://[::1]:3128', { host: '::1', port: 3128, authorization: undefined }],
    ['http://a@proxy.test', { host: 'proxy.test', port: 80, authorization: `Basic ${Buffer.from('a:').toString('base64')}` }],
    ['http://a:100%@proxy.test', { host: 'proxy.test', port: 80, authorization: `Basic ${Buffer.from('a:100%').toString('base64')}` }],
  ])('%s', (url, hop) => {
    expect(parseParentProxy(url)).toEqual(hop);
  });

  it.each(['https://proxy.test', 'socks5://proxy.test', 'proxy.test:3128', '', 'http://'])('%s is none', (url) => {
    expect(() => parseParentProxy(url)).toThrow(expect.objectContaining({ code: 'internal' }));
  });
});
