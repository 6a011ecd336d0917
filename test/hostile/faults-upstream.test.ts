// Checklist G94 to G96: an upstream that cannot be had is a 502 in time, garbage from either side ends nothing but its own connection,
// and a client that has only closed its own direction still gets what is ready.
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Client, connectPlain, connectTlsTunnel, connectTunnel } from '../support/client.ts';
import { startTestDaemon, type TestDaemonOptions } from '../support/daemon.ts';
import { helloOf } from '../support/hellos.ts';
import { headBytes, replyBytes, requestBytes } from '../support/http1.ts';
import { HOST, type Scripted, STRANGER, soon, startScripted, until } from '../support/scripted.ts';

async function closedPort(): Promise<{ host: string; port: number }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return { host: '127.0.0.1', port };
}

async function daemonFor(upstream: NonNullable<TestDaemonOptions['upstream']>) {
  const daemon = await startTestDaemon({ upstream, settings: { intercept: [HOST] }, limits: { connectMs: 400 } });
  onTestFinished(() => daemon.close());
  return daemon;
}

const UPSTREAMS = {
  refused: async () => daemonFor(await closedPort()),
  unresolvable: async () => daemonFor({ '*': { host: 'no-such-host.invalid', port: 443 } }),
  silent: async () => {
    const scene = await startScripted(() => {}, { mute: true, daemon: { limits: { connectMs: 400 } } });
    return scene.daemon;
  },
  'gone at once': async () => {
    const scene = await startScripted((c) => c.reset(), { clear: true });
    return scene.daemon;
  },
  'no TLS': async () => {
    const scene = await startScripted((c) => void c.write('220 mail.example ESMTP\r\n'), { clear: true });
    return scene.daemon;
  },
} as const;
const KINDS = Object.keys(UPSTREAMS) as (keyof typeof UPSTREAMS)[];
const IN_TIME_MS = 5000;

describe('an upstream that cannot be had is a 502 in time', () => {
  test.each(KINDS.flatMap((kind) => ['http/1.1', 'h2'].map((alpn) => [kind, alpn] as const)))(
    '%s, in a tunnel (%s)',
    async (kind, alpn) => {
      const daemon = await UPSTREAMS[kind]();
      const client = await connectTlsTunnel(daemon, `${HOST}:443`, { ca: daemon.ca, alpn: [alpn, 'http/1.1'] });
      onTestFinished(() => client.destroy());
      const reply = await soon(client.request('GET /x', ['Host', HOST]), 'the answer', IN_TIME_MS);
      expect(reply.status).toBe(502);
      expect(await daemon.record()).toMatchObject({ status: 502 });
    },
  );

  test.each(KINDS)('%s, absolute-form https', async (kind) => {
    const daemon = await UPSTREAMS[kind]();
    const client = await connectPlain(daemon);
    onTestFinished(() => client.destroy());
    expect((await soon(client.request(`GET https://${HOST}/x`, ['Host', HOST]), 'the answer', IN_TIME_MS)).status).toBe(502);
  });

  test.each(['refused', 'unresolvable', 'gone at once'] as const)('%s, in clear', async (kind) => {
    const daemon = await UPSTREAMS[kind]();
    const client = await connectPlain(daemon);
    onTestFinished(() => client.destroy());
    expect((await soon(client.request(`GET http://${HOST}/x`, ['Host', HOST]), 'the answer', IN_TIME_MS)).status).toBe(502);
  });

  test.each(['refused', 'unresolvable'] as const)('%s, a tunnel that is not intercepted', async (kind) => {
    const daemon = await UPSTREAMS[kind]();
    const client = await connectTunnel(daemon, `${STRANGER}:443`);
    onTestFinished(() => client.destroy());
    expect(client.tunnelReply?.status).toBe(502);
  });

  test('a client that leaves while it is dialled ends the dialling', async () => {
    const scene = await startScripted(() => {}, { mute: true });
    const client = await connectTunnel(scene.daemon, `${HOST}:443`);
    await client.write(helloOf({ servername: HOST }));
    await until(() => scene.origin.accepted() === 1, 'dialled');
    client.reset();
    await until(() => scene.daemon.proxy.status().connections === 0, 'the client is forgotten');
    // A client may go at any time: a crowd that did so once filled the log with warnings about nothing.
    expect(scene.daemon.log.filter((line) => /"level":"(warn|error)"/.test(line))).toEqual([]);
    expect(scene.daemon.log.join()).toContain('the client left');
  });
});

async function answering(): Promise<Scripted> {
  return startScripted(async (c) => {
    for (let q = await c.request(); q; q = await c.request()) await c.write(replyBytes('200 OK', [], q.target));
  });
}

describe('garbage', () => {
  const HELLO = helloOf({ servername: HOST });
  const bits = (bytes: Buffer, seed: number) => {
    const out = Buffer.from(bytes);
    for (let i = 0; i < 1 + (seed % 8); i++) out[(seed * 7919 + i * 104_729) % out.length]! ^= 1 << ((seed + i) % 8);
    return out;
  };
  const garbage: readonly ((
    i: number,
    open: () => Promise<Client>,
    tunnel: () => Promise<Client>,
    tls: () => Promise<Client>,
  ) => Promise<Client>)[] = [
    async (_, open) => written(await open(), randomBytes(300)),
    async (_, open) => written(await open(), Buffer.alloc(200)),
    async (i, open) =>
      written(await open(), Buffer.concat([bits(Buffer.from('CONNECT '), i), headBytes(`${HOST}:443 HTTP/1.1`, ['Host', HOST])])),
    async (_, open) => written(await open(), Buffer.concat([Buffer.from([5]), randomBytes(40)])),
    async (_, open) => written(await open(), Buffer.concat([Buffer.from([22, 3, 1, 2, 0]), randomBytes(512)])),
    async (_, _open, tunnel) => written(await tunnel(), randomBytes(200)),
    async (i, _open, tunnel) => written(await tunnel(), bits(HELLO, i)),
    async (_, _open, tunnel) => written(await tunnel(), Buffer.concat([HELLO, randomBytes(300)])),
    async (_, _open, _tunnel, tls) => written(await tls(), randomBytes(300)),
    async (i, _open, _tunnel, tls) => written(await tls(), bits(requestBytes('POST /x', ['Host', HOST, 'X', 'y'], 'body'), i)),
    async (_, _open, _tunnel, tls) => written(await tls(), 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  ];
  async function written(client: Client, bytes: string | Uint8Array): Promise<Client> {
    await client.write(bytes);
    return client;
  }

  test('from clients, of every sort: nobody else notices', async () => {
    const scene = await answering();
    const good = await scene.connect();
    const open = () => connectPlain(scene.daemon);
    const tunnel = () => connectTunnel(scene.daemon, `${HOST}:443`);
    const tls = () => connectTlsTunnel(scene.daemon, `${HOST}:443`, { ca: scene.daemon.ca, alpn: ['http/1.1'] });
    for (let round = 0; round < 12; round++) {
      const clients = await Promise.all(garbage.map((make, i) => make(round * 31 + i, open, tunnel, tls)));
      expect((await good.request(`GET /${round}`, ['Host', HOST])).body.toString()).toBe(`/${round}`);
      for (const [i, client] of clients.entries()) [() => client.destroy(), () => client.reset(), () => client.end()][(round + i) % 3]!();
      for (const client of clients) client.destroy();
    }
    good.destroy();
    await until(() => scene.daemon.proxy.status().connections === 0, 'all are forgotten');
    expect(scene.daemon.proxy.status().exchanges).toBe(0);
    expect(scene.daemon.log.filter((line) => line.includes('"level":"error"'))).toEqual([]);
  });

  test('from upstreams: a 502 or a cut, and the next one is served', async () => {
    let wild = true;
    const scene = await startScripted(async (c) => {
      for (let q = await c.request().catch(() => undefined); q; q = await c.request().catch(() => undefined)) {
        if (wild) {
          await c.write(
            Number(q.target.slice(1)) % 2 ? randomBytes(400) : bits(replyBytes('200 OK', ['X', 'y'], 'body'), Number(q.target.slice(1))),
          );
          return c.end();
        }
        await c.write(replyBytes('200 OK', [], q.target));
      }
    });
    for (let i = 0; i < 30; i++) {
      const client = await scene.connect();
      await client.write(requestBytes(`GET /${i}`, ['Host', HOST]));
      await soon(client.reader.rest(), 'an end');
      client.destroy();
    }
    wild = false;
    const client = await scene.connect();
    expect((await client.request('GET /good', ['Host', HOST])).body.toString()).toBe('/good');
    expect(scene.daemon.log.filter((line) => line.includes('"level":"error"'))).toEqual([]);
  });
});

describe('a client that has closed its own direction', () => {
  test('through a tunnel gets its answer, and upstream hears of the end', async () => {
    const scene = await startScripted(async (c) => {
      const all = await c.reader.rest();
      await c.write(replyBytes('200 OK', [], `${all.length}`));
      c.end();
    });
    const client = await scene.connect({ host: STRANGER });
    await client.write(Buffer.alloc(1000));
    client.end();
    expect((await client.reply()).body.toString()).toBe('1000');
  });
});
