// Checklist G80: an answer that was cut upstream never looks complete to the client, relayed as it is or restored on its way.
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Client } from '../support/client.ts';
import { callH2 } from '../support/h2-client.ts';
import { chunk, headBytes, type WireReply } from '../support/http1.ts';
import type { OriginConnection } from '../support/origin.ts';
import { EMAIL } from '../support/samples.ts';
import { HOST, openH2, type Scripted, STRANGER, soon, startScripted, startScriptedH2 } from '../support/scripted.ts';

const JSON_TYPE = ['Content-Type', 'application/json'];
const SSE_TYPE = ['Content-Type', 'text/event-stream'];
const CHUNKED = ['Transfer-Encoding', 'chunked'];
const TEXT = `{"text":"${'abcdefghij'.repeat(3000)}"}`;
const ZIPPED = gzipSync(TEXT);
const EVENT = 'data: {"n":1}\n\n';

/** How the upstream's connection ends in the middle of its answer. */
const ENDINGS = {
  reset: (c: OriginConnection) => c.reset(),
  'FIN without close_notify': (c: OriginConnection) => c.fin(),
  'close_notify and FIN': (c: OriginConnection) => c.end(),
} as const;
type Ending = keyof typeof ENDINGS;
const EVERY = Object.keys(ENDINGS) as Ending[];

interface Answer {
  readonly headers: readonly string[];
  readonly bytes: readonly (string | Uint8Array)[];
  /** Which endings are cuts; a body without framing is complete with a clean end. */
  readonly endings: readonly Ending[];
}

const ANSWERS: Readonly<Record<string, Answer>> = {
  'in mid-chunk': { headers: [...JSON_TYPE, ...CHUNKED], bytes: [`${TEXT.length.toString(16)}\r\n`, TEXT.slice(0, 999)], endings: EVERY },
  'between chunks': { headers: [...JSON_TYPE, ...CHUNKED], bytes: [chunk(TEXT)], endings: EVERY },
  'in the chunk size': { headers: [...JSON_TYPE, ...CHUNKED], bytes: [chunk('[1,'), '4'], endings: EVERY },
  'before the last line of the last chunk': { headers: [...JSON_TYPE, ...CHUNKED], bytes: [chunk(TEXT), '0\r\n'], endings: EVERY },
  'in the trailers': { headers: [...JSON_TYPE, ...CHUNKED], bytes: [chunk(TEXT), '0\r\nX-Sum: 1\r\n'], endings: EVERY },
  'short of its length': { headers: [...JSON_TYPE, 'Content-Length', `${TEXT.length}`], bytes: [TEXT.slice(0, -1)], endings: EVERY },
  'short of its length, no body yet': { headers: [...JSON_TYPE, 'Content-Length', `${TEXT.length}`], bytes: [], endings: EVERY },
  'short of its length, of no known type': { headers: ['Content-Length', `${TEXT.length}`], bytes: [TEXT.slice(0, -1)], endings: EVERY },
  'without framing': { headers: JSON_TYPE, bytes: [TEXT.slice(0, 999)], endings: ['reset'] },
  'in mid-event': { headers: [...SSE_TYPE, ...CHUNKED], bytes: [chunk(EVENT), chunk('data: {"n"')], endings: EVERY },
  'between events': { headers: [...SSE_TYPE, ...CHUNKED], bytes: [chunk(EVENT), chunk(EVENT)], endings: EVERY },
  'in mid-gzip': {
    headers: [...JSON_TYPE, 'Content-Encoding', 'gzip', ...CHUNKED],
    bytes: [chunk(ZIPPED.subarray(0, 60))],
    endings: EVERY,
  },
  'in mid-gzip, by length': {
    headers: [...JSON_TYPE, 'Content-Encoding', 'gzip', 'Content-Length', `${ZIPPED.length}`],
    bytes: [ZIPPED.subarray(0, 60)],
    endings: EVERY,
  },
};
const CASES = Object.keys(ANSWERS).flatMap((name) => ANSWERS[name]!.endings.map((ending): [string, Ending] => [name, ending]));

/** Once a value was masked on its way out, replies are looked through on their way back. */
async function withPlaceholders(scene: Scripted): Promise<void> {
  const client = await scene.connect();
  const reply = await client.request('POST /mask', ['Host', HOST, ...JSON_TYPE], JSON.stringify({ to: EMAIL }));
  expect(reply.body.toString()).toBe('{}');
  client.destroy();
}

async function startCutting(name: string, ending: Ending, clear: boolean): Promise<Scripted> {
  const { headers, bytes } = ANSWERS[name]!;
  return startScripted(
    async (c) => {
      for (let q = await c.request(); q; q = await c.request()) {
        if (q.target === '/mask') {
          expect(q.body.toString()).not.toContain(EMAIL);
          await c.write(headBytes('HTTP/1.1 200 OK', [...JSON_TYPE, 'Content-Length', '2']));
          await c.write('{}');
          continue;
        }
        await c.write(headBytes('HTTP/1.1 200 OK', headers));
        for (const piece of bytes) await c.write(piece);
        // The cut must not overtake what was written: it is the client's view of the whole that counts.
        await new Promise((resolve) => setTimeout(resolve, 20));
        ENDINGS[ending](c);
        return;
      }
    },
    { clear },
  );
}

function expectCut(reply: WireReply, client: Client): void {
  // Before the first byte of the reply it may still become an error of ours; after it only a cut is honest.
  if (reply.status === 502) return;
  expect(reply.status).toBe(200);
  if (reply.framing === 'close') expect(client.reader.ending?.how).toBe('reset');
  expect(reply.complete).toBe(false);
}

describe.each([
  ['as it is', false],
  ['restored', true],
])('relayed %s', (_name, masked) => {
  test.each(CASES)('cut %s by %s', async (name, ending) => {
    const scene = await startCutting(name, ending, false);
    if (masked) await withPlaceholders(scene);
    const client = await scene.connect();
    expectCut(await client.request('GET /cut', ['Host', HOST]), client);
    expect(await scene.daemon.record((r) => r.path === '/cut')).toMatchObject({ fault: 'upstream-cut' });
    client.destroy();
  });
});

test.each(CASES.filter(([, ending]) => ending !== 'FIN without close_notify'))('in clear, cut %s by %s', async (name, ending) => {
  const scene = await startCutting(name, ending, true);
  const client = await scene.connectPlain();
  expectCut(await client.request(`GET http://${HOST}/cut`, ['Host', HOST]), client);
});

// A FIN without close_notify can be forged by anybody on the way, and is all that many a server ever sends: the client gets to see the end that
// upstream made, since only it knows whether it minds.
test.each([
  ['as it is', 'FIN without close_notify', false, TEXT],
  ['as it is', 'close_notify and FIN', false, TEXT],
  ['restored', 'FIN without close_notify', true, TEXT],
  ['restored', 'close_notify and FIN', true, TEXT],
  ['as it is, long', 'FIN without close_notify', false, TEXT.repeat(60)],
  ['as it is, long', 'close_notify and FIN', false, TEXT.repeat(60)],
  ['of events', 'FIN without close_notify', true, EVENT],
  ['of events', 'close_notify and FIN', true, EVENT],
] as const)('without framing, %s: the client sees %s too', async (_name, ending, masked, text) => {
  const scene = await startScripted(async (c) => {
    for (let q = await c.request(); q; q = await c.request()) {
      if (q.target === '/mask') {
        await c.write(headBytes('HTTP/1.1 200 OK', [...JSON_TYPE, 'Content-Length', '2']));
        await c.write('{}');
        continue;
      }
      await c.write(headBytes('HTTP/1.1 200 OK', text === EVENT ? SSE_TYPE : JSON_TYPE));
      await c.write(text);
      ENDINGS[ending](c);
      return;
    }
  });
  if (masked) await withPlaceholders(scene);
  const client = await scene.connect();
  const reply = await client.request('GET /cut', ['Host', HOST]);
  expect(reply.body.toString()).toBe(text);
  expect(await soon(client.over, 'the end')).toMatchObject({ how: 'fin', closeNotify: ending === 'close_notify and FIN' });
});

test.each(EVERY)('a head cut by %s is a 502', async (ending) => {
  const scene = await startScripted(async (c) => {
    await c.request();
    await c.write('HTTP/1.1 200 OK\r\nContent-Le');
    ENDINGS[ending](c);
  });
  const client = await scene.connect();
  expect((await client.request('GET /cut', ['Host', HOST])).status).toBe(502);
});

test.each([true, false])('a gzip stream that is cut, in whole framing, does not become a whole one (restored: %s)', async (masked) => {
  const part = ZIPPED.subarray(0, -9);
  const scene = await startScripted(async (c) => {
    for (let q = await c.request(); q; q = await c.request()) {
      const [headers, body] = q.target === '/mask' ? [[], Buffer.from('{}')] : [['Content-Encoding', 'gzip'], part];
      await c.write(headBytes('HTTP/1.1 200 OK', [...JSON_TYPE, ...headers, ...CHUNKED]));
      await c.write(chunk(body));
      await c.write(chunk(''));
    }
  });
  if (masked) await withPlaceholders(scene);
  const client = await scene.connect();
  const reply = await client.request('GET /zipped', ['Host', HOST]);
  if (reply.complete) expect(reply.body).toEqual(part);
  else expect(masked).toBe(true);
});

describe('HTTP/2', () => {
  const cuts = {
    RST_STREAM: (call) => call.reset('internal'),
    'a TCP reset': (call) => call.session.session.socket.destroy(),
    'the end of the session': (call) => call.session.session.destroy(),
  } as Readonly<Record<string, (call: Parameters<Parameters<typeof startScriptedH2>[0]>[0]) => void>>;

  test.each(Object.keys(cuts))('cut by %s', async (name) => {
    const scene = await startScriptedH2((call) => {
      call.stream.respond({ ':status': 200, 'content-type': 'text/event-stream' });
      call.stream.write(EVENT, () => setTimeout(() => cuts[name]!(call), 20));
    });
    const { session } = await openH2(scene);
    const reply = await callH2(session, { ':method': 'GET', ':path': '/cut', ':scheme': 'https', ':authority': HOST });
    expect(reply.status).toBe(200);
    expect(reply.body.toString()).toBe(EVENT);
    expect(reply.cut).toBeGreaterThan(0);
    expect(await scene.daemon.record()).toMatchObject({ fault: 'upstream-cut' });
  });
});

// A drain that ran out of time, and a second signal, ended their clients' connections with a FIN. A reply that has no framing, and whatever
// is spoken in a tunnel, was complete then as far as its client could tell.
describe.each([
  ['the deadline of a drain', (scene: Scripted) => scene.daemon.proxy.drain(0)],
  ['closing at once', (scene: Scripted) => scene.daemon.proxy.close()],
])('cut by ourselves: %s', (_name, stop) => {
  test.each(['intercepted', 'in clear', 'through a tunnel'])('a reply without framing, %s', async (door) => {
    const clear = door === 'in clear';
    const scene = await startScripted(
      async (c) => {
        await c.request();
        await c.write(headBytes('HTTP/1.1 200 OK', JSON_TYPE));
        await c.write('[1,');
      },
      { clear },
    );
    const host = door === 'through a tunnel' ? STRANGER : HOST;
    const client = clear ? await scene.connectPlain() : await scene.connect({ host });
    await client.write(headBytes(`GET ${clear ? `http://${HOST}` : ''}/cut HTTP/1.1`, ['Host', host]));
    await client.reader.until('[1,');
    await stop(scene);
    expect((await soon(client.over, 'the cut')).how).toBe('reset');
  });
});
