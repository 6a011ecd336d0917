// Checklist G93: whoever sends by the drop is cut, wherever it does so, and two hundred of them hurt nobody.
import { describe, expect, test } from 'vitest';
import { type Client, connectPlain, connectTlsTunnel, connectTunnel } from '../support/client.ts';
import { FRAME, h2Frame, headerBlock, headersFrame, openingBytes } from '../support/h2-frames.ts';
import { helloOf } from '../support/hellos.ts';
import { headBytes, replyBytes } from '../support/http1.ts';
import { HOST, type Scripted, type ScriptedH2, soon, startScripted, startScriptedH2 } from '../support/scripted.ts';

/** Short limits, so that the test need not wait for the real ones. */
const LIMITS = { headMs: 700, connectMs: 4000 };
const DROP_MS = 40;
/** The limits, twice and more; a machine under load is slow too. */
const CUT_MS = 15_000;

const POST = (type: string, framing: readonly string[]) => headBytes('POST /x HTTP/1.1', ['Host', HOST, 'Content-Type', type, ...framing]);
const PSEUDO = [':method', 'POST', ':scheme', 'https', ':authority', HOST, ':path', '/x'];

type Scene = Pick<Scripted | ScriptedH2, 'daemon'>;

interface Slow {
  /** Opens the connection and says what is said at once; gives what then goes out drop by drop. */
  begin(scene: Scene): Promise<readonly [Client, Buffer]>;
}

async function tls(scene: Scene, first: Uint8Array, rest: Uint8Array, alpn = 'http/1.1'): Promise<readonly [Client, Buffer]> {
  const client = await connectTlsTunnel(scene.daemon, `${HOST}:443`, { ca: scene.daemon.ca, alpn: [alpn] });
  if (first.length > 0) await client.write(first);
  return [client, Buffer.from(rest)];
}

async function plain(scene: Scene, rest: Uint8Array): Promise<readonly [Client, Buffer]> {
  return [await connectPlain(scene.daemon), Buffer.from(rest)];
}

async function tunnel(scene: Scene, rest: Uint8Array): Promise<readonly [Client, Buffer]> {
  return [await connectTunnel(scene.daemon, `${HOST}:443`), Buffer.from(rest)];
}

const NOTHING = Buffer.alloc(0);
const HELLO = helloOf({ servername: HOST });
const BODY = Buffer.alloc(1000, 'x');
const h2Body = Buffer.concat(Array.from({ length: 200 }, () => h2Frame(FRAME.data, 0, 1, Buffer.from('x'))));

const PLACES: Readonly<Record<string, Slow['begin']>> = {
  'saying nothing': (s) => plain(s, NOTHING),
  'the CONNECT head': (s) => plain(s, headBytes(`CONNECT ${HOST}:443 HTTP/1.1`, ['Host', `${HOST}:443`, 'X-Pad', 'x'.repeat(200)])),
  'an absolute-form head': (s) => plain(s, headBytes(`GET http://${HOST}/x HTTP/1.1`, ['Host', HOST, 'X-Pad', 'x'.repeat(200)])),
  'the SOCKS5 greeting': (s) => plain(s, Buffer.concat([Buffer.from([5, 200]), Buffer.alloc(200)])),
  'no hello at all': (s) => tunnel(s, NOTHING),
  'the ClientHello': (s) => tunnel(s, HELLO),
  'the handshake behind the hello': async (s) => {
    const [client] = await tunnel(s, NOTHING);
    await client.write(HELLO);
    return [client, NOTHING];
  },
  'the first request of a tunnel': (s) => tls(s, NOTHING, NOTHING),
  'the request head': (s) => tls(s, NOTHING, headBytes('GET /x HTTP/1.1', ['Host', HOST, 'X-Pad', 'x'.repeat(200)])),
  'a second request head': async (s) => {
    const [client] = await tls(s, NOTHING, NOTHING);
    await client.request('GET /ok', ['Host', HOST]);
    return [client, headBytes('GET /x HTTP/1.1', ['Host', HOST, 'X-Pad', 'x'.repeat(200)])];
  },
  'a body': (s) => tls(s, POST('image/png', ['Content-Length', '1000']), BODY),
  'a body that is inspected': (s) => tls(s, POST('application/json', ['Content-Length', '1000']), BODY),
  'a chunked body': (s) => tls(s, POST('image/png', ['Transfer-Encoding', 'chunked']), Buffer.from('1\r\nx\r\n'.repeat(200))),
  'a body that stops': (s) => tls(s, POST('image/png', ['Content-Length', '1000']), NOTHING),
  'the HTTP/2 preface': (s) => tls(s, NOTHING, openingBytes(Array.from({ length: 20 }, () => [4, 65_535])), 'h2'),
  'the first head of HTTP/2': (s) =>
    tls(
      s,
      Buffer.concat([openingBytes(), h2Frame(FRAME.headers, 0, 1, headerBlock(PSEUDO))]),
      h2Frame(FRAME.continuation, 0, 1, BODY),
      'h2',
    ),
  'an HTTP/2 body': (s) =>
    tls(s, Buffer.concat([openingBytes(), headersFrame(1, [...PSEUDO, 'content-type', 'image/png'], false)]), h2Body, 'h2'),
  'an HTTP/2 body that is inspected': (s) =>
    tls(s, Buffer.concat([openingBytes(), headersFrame(1, [...PSEUDO, 'content-type', 'application/json'], false)]), h2Body, 'h2'),
};
const NAMES = Object.keys(PLACES);

function drip(client: Client, bytes: Buffer, dropMs = DROP_MS): () => void {
  let at = 0;
  const timer = setInterval(() => {
    if (at >= bytes.length || client.stream.destroyed) clearInterval(timer);
    else client.stream.write(bytes.subarray(at, ++at));
  }, dropMs);
  return () => clearInterval(timer);
}

const play = async (c: Parameters<Parameters<typeof startScripted>[0]>[0]) => {
  for (let q = await c.request(); q; q = await c.request()) await c.write(replyBytes('200 OK', [], q.target));
};

/** The connection is over, or over HTTP/2 the stream: its client is told so by a reset or an answer. */
async function cut(client: Client, isH2: boolean): Promise<unknown> {
  const ended = client.over;
  return isH2 ? Promise.race([ended, client.reader.until('client-slow')]) : ended;
}

describe('a slow client', () => {
  test.each(NAMES)('with %s is cut', async (name) => {
    const isH2 = name.includes('HTTP/2');
    const options = { daemon: { limits: LIMITS } };
    const scene = isH2 ? await startScriptedH2(() => {}, options) : await startScripted((c) => play(c).catch(() => {}), options);
    const [client, rest] = await PLACES[name]!(scene);
    const stop = drip(client, rest);
    try {
      await soon(cut(client, name.includes('HTTP/2 body')), 'the cut', CUT_MS);
    } finally {
      stop();
      client.destroy();
    }
    if ('connections' in scene.origin) {
      const whole = scene.origin.connections.flatMap((c) => c.requests.filter((q) => q.complete && q.target === '/x'));
      expect(whole).toEqual([]);
    } else {
      for (const call of scene.origin.calls) expect(await soon(call.over, 'upstream is cancelled too')).not.toBe(0);
    }
  });

  test('that takes its time but gets on is served', async () => {
    const scene = await startScripted(play, { daemon: { limits: LIMITS } });
    const client = await scene.connect();
    await client.write(POST('image/png', ['Content-Length', '2000']));
    for (let i = 0; i < 20; i++) {
      await client.write(Buffer.alloc(100));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect((await client.reply()).body.toString()).toBe('/x');
  });
});

test('two hundred slow clients hurt nobody, and leave nothing behind', async () => {
  const scene = await startScripted((c) => play(c).catch(() => {}), { daemon: { limits: { ...LIMITS, headMs: 3000 } } });
  const good = await scene.connect();
  // A connection that has been used may rest: setting the slow ones up takes longer than a head may.
  expect((await good.request('GET /first', ['Host', HOST])).body.toString()).toBe('/first');
  const slow = await Promise.all(
    Array.from({ length: 200 }, async (_, i) => {
      const places = ['the CONNECT head', 'the ClientHello', 'the request head', 'a body'];
      const [client, rest] = await PLACES[places[i % places.length]!]!(scene);
      // All of this shares one event loop: five drops a second from each are a thousand writes.
      const stop = drip(client, rest, 200);
      return { client, stop };
    }),
  );
  let worst = 0;
  for (let i = 0; i < 30; i++) {
    const began = performance.now();
    expect((await good.request(`GET /good-${i}`, ['Host', HOST])).body.toString()).toBe(`/good-${i}`);
    worst = Math.max(worst, performance.now() - began);
  }
  expect(worst).toBeLessThan(3000);
  await soon(Promise.all(slow.map(({ client }) => client.over)), 'all are cut', 40_000);
  for (const { client, stop } of slow) {
    stop();
    client.destroy();
  }
  expect((await good.request('GET /still', ['Host', HOST])).body.toString()).toBe('/still');
  good.destroy();
  const end = performance.now() + 5000;
  while (scene.daemon.proxy.status().connections > 0 && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(scene.daemon.proxy.status()).toMatchObject({ connections: 0, exchanges: 0 });
});
