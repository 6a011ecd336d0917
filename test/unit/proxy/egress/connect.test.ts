// Dialling, against real listeners on loopback: fallback from address to address, time limits, clients that leave.
// A silent address is a listener whose process was stopped with its queue full: the kernel drops every further SYN.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseAuthority } from '../../../../src/authority.ts';
import { Fault } from '../../../../src/fault.ts';
import { checkTarget, openTcp, type TcpOptions } from '../../../../src/proxy/egress/connect.ts';

let open: (() => void)[];
beforeEach(() => {
  open = [];
});
afterEach(() => {
  for (const close of open) close();
});

/** A listener that counts its connections and answers the end of each with what it got. */
async function listen(host = '127.0.0.1', port = 0): Promise<{ port: number; sockets: Socket[]; server: Server }> {
  const sockets: Socket[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    let got = '';
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      got += chunk;
    });
    socket.on('end', () => socket.end(`got ${got}`));
  });
  server.listen(port, host);
  await once(server, 'listening');
  open.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { port: (server.address() as AddressInfo).port, sockets, server };
}

/** A port of loopback that nobody listens on. */
async function closedPort(): Promise<number> {
  const { port, server } = await listen();
  server.close();
  await once(server, 'close');
  return port;
}

/** A port of 127.0.0.1 at which connecting neither succeeds nor fails. */
async function silentPort(): Promise<number> {
  const program = `const s = require('node:net').createServer(); s.listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => console.log(s.address().port));`;
  const child: ChildProcess = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  open.push(() => child.kill('SIGKILL'));
  const [line] = (await once(child.stdout!, 'data')) as [Buffer];
  const port = Number(line.toString());
  child.kill('SIGSTOP');
  for (let i = 0; i < 8; i++) {
    const filler = connect({ host: '127.0.0.1', port });
    filler.on('error', () => {});
    open.push(() => filler.destroy());
    const full = new Promise((done) => setTimeout(done, 150, 'full'));
    if ((await Promise.race([once(filler, 'connect'), full])) === 'full') return port;
  }
  throw new Error('the queue does not fill');
}

/** How many connections of this process are under way. */
const connecting = () => process.getActiveResourcesInfo().filter((kind) => kind === 'ConnectWrap').length;

/** Options for a name that is mapped to these addresses. */
function options(port: number, addresses: readonly string[], more: Partial<TcpOptions> = {}): TcpOptions {
  return {
    authority: parseAuthority('api.example.test:443'),
    policy: { mappingFor: () => ({ host: 'inside.test', port }), allowsPrivate: () => true },
    intercepted: true,
    own: () => [],
    lookup: async () => addresses,
    timeoutMs: 5000,
    signal: new AbortController().signal,
    ...more,
  };
}

async function opened(of: TcpOptions): Promise<Socket> {
  const socket = await openTcp(of);
  socket.on('error', () => {});
  open.push(() => socket.destroy());
  return socket;
}

async function text(socket: Socket): Promise<string> {
  let all = '';
  for await (const chunk of socket) all += chunk;
  return all;
}

describe('a connection', () => {
  it('carries both directions and may be half-closed', async () => {
    const { port } = await listen();
    const socket = await opened(options(port, ['127.0.0.1']));
    expect(socket.allowHalfOpen).toBe(true);
    // The error listener is the test's own.
    expect(['connect', 'error', 'readable'].map((event) => socket.listenerCount(event))).toEqual([0, 1, 0]);
    socket.end('hello');
    expect(await text(socket)).toBe('got hello');
  });

  it('is made to an address in IPv6 and to a literal as well', async () => {
    const { port } = await listen('::1');
    const socket = await opened(options(port, [], { policy: { mappingFor: () => ({ host: '::1', port }), allowsPrivate: () => true } }));
    expect(socket.remoteAddress).toBe('::1');
  });

  it('goes to the addresses that were checked: the name is looked up once', async () => {
    const { port } = await listen();
    const answers = [['127.0.0.1'], ['127.0.0.9']];
    const lookup = async () => answers.shift()!;
    const of = options(port, [], { lookup });
    const destination = await checkTarget(of);
    const socket = await opened({ ...of, destination });
    expect(socket.remoteAddress).toBe('127.0.0.1');
    expect(answers).toHaveLength(1);
  });

  it('is refused before any descriptor is used when it would lead to ourselves', async () => {
    const { port, sockets } = await listen();
    const own = () => [{ host: '127.0.0.1', port }];
    await expect(openTcp(options(port, ['127.0.0.1'], { own }))).rejects.toMatchObject({ code: 'target-refused' });
    // Whoever comes now is the first.
    (await opened(options(port, ['127.0.0.1']))).end();
    await expect.poll(() => sockets.length).toBe(1);
  });

  it('is never made to a name that leads to loopback without being mapped', async () => {
    const { port, sockets } = await listen();
    const policy = { mappingFor: () => undefined, allowsPrivate: () => true };
    const authority = parseAuthority('rebinding.test', port);
    await expect(openTcp(options(port, ['127.0.0.1'], { authority, policy }))).rejects.toMatchObject({ code: 'target-refused' });
    (await opened(options(port, ['127.0.0.1']))).end();
    await expect.poll(() => sockets.length).toBe(1);
  });
});

describe('several addresses', () => {
  it('are tried one after the other when they refuse', async () => {
    const { port } = await listen('127.0.0.3');
    const socket = await opened(options(port, ['127.0.0.1', '127.0.0.2', '127.0.0.3']));
    expect(socket.remoteAddress).toBe('127.0.0.3');
  });

  it('are tried in turn by family, and no more than six', async () => {
    const { port } = await listen('127.0.0.1');
    const six = ['::1', '127.0.0.11', '127.0.0.12', '127.0.0.13', '127.0.0.14'];
    expect((await opened(options(port, [...six, '127.0.0.1']))).remoteAddress).toBe('127.0.0.1');
    await expect(openTcp(options(port, [...six, '127.0.0.15', '127.0.0.1']))).rejects.toMatchObject({ detail: 'connection refused' });
    // Behind six of the other family it is second.
    const v6 = Array.from({ length: 6 }, () => '::1');
    expect((await opened(options(port, [...v6, '127.0.0.1']))).remoteAddress).toBe('127.0.0.1');
  });

  it('do not wait for one that is silent, and leave nothing open', async () => {
    const port = await silentPort();
    await listen('127.0.0.2', port);
    const before = connecting();
    const socket = await opened(options(port, ['127.0.0.1', '127.0.0.2']));
    expect(socket.remoteAddress).toBe('127.0.0.2');
    await expect.poll(connecting).toBe(before);
  });

  it('are waited for while one of them may still answer', async () => {
    const port = await silentPort();
    const before = connecting();
    const fault = { code: 'upstream-unreachable', detail: 'timed out' };
    await expect(openTcp(options(port, ['127.0.0.1', '127.0.0.2'], { timeoutMs: 600 }))).rejects.toMatchObject(fault);
    await expect.poll(connecting).toBe(before);
  });

  it('end with the reason of the one that got further', async () => {
    const port = await closedPort();
    // The kernel connects to no broadcast address: nothing is sent.
    await expect(openTcp(options(port, ['255.255.255.255', '127.0.0.1']))).rejects.toMatchObject({ detail: 'connection refused' });
    await expect(openTcp(options(port, ['255.255.255.255']))).rejects.toMatchObject({ code: 'upstream-unreachable', detail: 'no route' });
  });
});

describe('a failure', () => {
  it('is named: connection refused', async () => {
    const port = await closedPort();
    const fault = await openTcp(options(port, ['127.0.0.1'])).catch((e: unknown) => e);
    expect(fault).toMatchObject({
      code: 'upstream-unreachable',
      detail: 'connection refused',
      status: 502,
      cause: { code: 'ECONNREFUSED' },
    });
  });

  it('is named: timed out, in the time there is for everything', async () => {
    const port = await silentPort();
    const before = performance.now();
    await expect(openTcp(options(port, ['127.0.0.1', '127.0.0.1'], { timeoutMs: 400 }))).rejects.toMatchObject({
      code: 'upstream-unreachable',
      detail: 'timed out',
    });
    expect(performance.now() - before).toBeGreaterThanOrEqual(390);
  });

  it('is named: too many open files, and is ours', async () => {
    const { port } = await listen();
    const program = `
      import { openSync } from 'node:fs';
      import { openTcp } from ${JSON.stringify(new URL('../../../../src/proxy/egress/connect.ts', import.meta.url).href)};
      try { for (;;) openSync('/dev/null'); } catch {}
      const policy = { mappingFor: () => ({ host: '127.0.0.1', port: ${port} }), allowsPrivate: () => true };
      const authority = { host: 'api.example.test', port: 443, kind: 'name' };
      const options = { authority, policy, intercepted: true, own: () => [], timeoutMs: 5000, signal: new AbortController().signal };
      await openTcp(options).catch((fault) => process.stdout.write(fault.code + ' ' + fault.detail));`;
    const child = spawn('/bin/sh', ['-c', 'ulimit -n 64; exec "$0" --input-type=module -e "$1"', process.execPath, program]);
    let out = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    await once(child, 'close');
    expect(out).toBe('internal too many open files');
  });

  it('is the client’s leaving, with the reason it gives', async () => {
    const port = await silentPort();
    const left = new AbortController();
    const dialling = openTcp(options(port, ['127.0.0.1'], { signal: left.signal }));
    left.abort();
    await expect(dialling).rejects.toMatchObject({ code: 'client-gone' });
    const draining = new Fault('draining');
    await expect(openTcp(options(port, ['127.0.0.1'], { signal: AbortSignal.abort(draining) }))).rejects.toBe(draining);
    const during = new AbortController();
    const waiting = openTcp(options(port, ['127.0.0.1'], { signal: during.signal }));
    await new Promise((done) => setImmediate(done));
    during.abort(draining);
    await expect(waiting).rejects.toBe(draining);
    // In the very moment in which the lookup ends.
    const between = new AbortController();
    const lookup = () => {
      const found = Promise.resolve(['127.0.0.1']);
      found.then(() => undefined).then(() => between.abort(draining));
      return found;
    };
    await expect(openTcp(options(port, [], { lookup, signal: between.signal }))).rejects.toBe(draining);
  });
});
