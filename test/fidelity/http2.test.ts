// What an upstream sees of an HTTP/2 client, compared with what the client sent: SETTINGS, window, order of pseudo-fields and fields,
// doubled fields, body and trailers; and the way back. Masking is on throughout.
import { describe, expect, test } from 'vitest';
import { collectH2 } from '../support/h2-client.ts';
import { FRAME, H2FrameParser, h2Frame, headersFrame, openingBytes, PREFACE } from '../support/h2-frames.ts';
import { startRawH2 } from '../support/h2-raw.ts';
import { EMAIL } from '../support/samples.ts';
import { HOST, openH2, type ScriptedH2, startScripted, startScriptedH2, until } from '../support/scripted.ts';

const u32 = (n: number) => {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(n);
  return out;
};

/** SETTINGS and window as clients in the wild send them, ids and values in their order. */
const PREFACES: Readonly<Record<string, { readonly settings: readonly (readonly [number, number])[]; readonly window: number }>> = {
  'hyper (codex)': {
    settings: [
      [2, 0],
      [4, 2_097_152],
      [5, 16_384],
      [6, 16_384],
    ],
    window: 5_177_345,
  },
  Go: {
    settings: [
      [2, 0],
      [4, 4_194_304],
      [5, 16_384],
      [6, 10_485_760],
    ],
    window: 1_073_741_824,
  },
  curl: {
    settings: [
      [2, 0],
      [3, 100],
      [4, 10_485_760],
    ],
    window: 1_048_510_465,
  },
  Node: { settings: [], window: 0 },
  'a browser': {
    settings: [
      [1, 65_536],
      [2, 0],
      [4, 6_291_456],
      [6, 262_144],
    ],
    window: 15_663_105,
  },
  'one with settings nobody knows': {
    settings: [
      [2, 0],
      [9, 1],
      [0x8a8a, 12_345],
    ],
    window: 0,
  },
};

/** Reads the frames an upstream gets behind its preface. */
function recording() {
  const frames: { readonly type: number; readonly flags: number; readonly stream: number; readonly payload: Buffer }[] = [];
  const scene = startScripted(
    async (c) => {
      const parser = new H2FrameParser();
      await c.reader.exactly(PREFACE.length);
      await c.write(Buffer.concat([h2Frame(FRAME.settings, 0, 0), h2Frame(FRAME.settings, 1, 0)]));
      for (;;) {
        const bytes = await c.reader.some().catch(() => Buffer.alloc(0));
        if (bytes.length === 0) return;
        frames.push(...parser.feed(bytes));
      }
    },
    { alpn: ['h2'], waitMs: 60_000 },
  );
  return { frames, scene };
}

test.each(Object.keys(PREFACES))('the preface of %s', async (name) => {
  const { settings, window } = PREFACES[name]!;
  const { frames, scene } = recording();
  const client = await (await scene).connect({ alpn: ['h2'] });
  const opening = window > 0 ? Buffer.concat([openingBytes(settings), h2Frame(FRAME.window, 0, 0, u32(window))]) : openingBytes(settings);
  const h2 = startRawH2(client, opening);
  await h2.send(headersFrame(1, [':method', 'GET', ':scheme', 'https', ':authority', HOST, ':path', '/'], true));
  await until(() => frames.some((f) => f.type === FRAME.headers), 'a request');
  const first = frames.find((f) => f.type === FRAME.settings && f.flags === 0)!;
  const seen: [number, number][] = [];
  for (let i = 0; i < first.payload.length; i += 6) seen.push([first.payload.readUInt16BE(i), first.payload.readUInt32BE(i + 2)]);
  // node:http2 adds «no push» where the client left it out and sorts by id; all of these clients sort too.
  expect(seen.filter(([id]) => settings.length > 0 || id !== 2)).toEqual(settings);
  const windows = frames.filter((f) => f.type === FRAME.window && f.stream === 0).map((f) => f.payload.readUInt32BE(0));
  expect(windows.reduce((a, b) => a + b, 0)).toBe(window);
});

/** Trailers of the last request. */
let requestTrailers: unknown;

const echo = (withTrailers = true): Promise<ScriptedH2> =>
  startScriptedH2(async (call) => {
    call.stream.on('trailers', (trailers) => {
      requestTrailers = { ...trailers };
    });
    const body = await call.body;
    call.stream.respond(
      [':status', '200', 'x-b', '1', 'set-cookie', 'a=1', 'x-a', '2', 'set-cookie', 'b=2', 'x-b', '3'] as never,
      {
        waitForTrailers: withTrailers,
        sendDate: false,
      } as object,
    );
    call.stream.on('wantTrailers', () => call.stream.sendTrailers({ 'x-sum': '1', 'grpc-status': '0' }));
    call.stream.end(body);
  });

const orders = {
  Chrome: [':method', ':authority', ':scheme', ':path'],
  Firefox: [':method', ':path', ':authority', ':scheme'],
  Safari: [':method', ':scheme', ':path', ':authority'],
  hyper: [':method', ':scheme', ':authority', ':path'],
} as const;
const VALUES = { ':method': 'POST', ':scheme': 'https', ':authority': HOST, ':path': '/v1/x?a=%41&&b' } as const;

describe('a request', () => {
  test.each(Object.keys(orders) as (keyof typeof orders)[])(
    'pseudo-fields as %s orders them, fields in their order, doubled ones too',
    async (name) => {
      const scene = await echo();
      const client = await scene.connect({ alpn: ['h2'] });
      const h2 = startRawH2(client);
      const sent = [
        ...orders[name].flatMap((p) => [p, VALUES[p]]),
        ...['x-z', '1', 'accept', '*/*', 'x-a', 'caf\xe9', 'cookie', 'a=b', 'x-z', '2', 'cookie', 'c=d', 'x-empty', ''],
        ...['user-agent', 'thing/1.0 (x; y)', 'te', 'trailers', 'content-type', 'application/json', 'content-length', '7'],
      ];
      await h2.send(headersFrame(1, sent, false), h2Frame(FRAME.data, 1, 1, Buffer.from('{"a":1}')));
      expect((await h2.outcome(1)).body.toString()).toBe('{"a":1}');
      expect(scene.origin.calls[0]!.headers).toEqual(sent);
    },
  );

  test.each([
    ['application/json', '{ "a" : 1.0e3,\n"b":"\\u00e9\\/" }'],
    ['image/png', '\x00\x01\xff binary'],
    ['application/grpc', '\x00\x00\x00\x00\x02hi'],
    ['text/plain', 'words'],
  ])('a body of type %s, and trailers both ways', async (type, text) => {
    const scene = await echo();
    const { session } = await openH2(scene);
    const stream = session.request({ ...VALUES, 'content-type': type }, { waitForTrailers: true });
    const sent = { 'x-check': 'a', 'x-more': 'b' };
    stream.on('wantTrailers', () => stream.sendTrailers(sent));
    const body = Buffer.from(text, 'latin1');
    stream.end(body);
    const reply = await collectH2(stream);
    expect(reply.body).toEqual(body);
    expect(await scene.origin.calls[0]!.body).toEqual(body);
    expect(requestTrailers).toMatchObject(sent);
    expect(reply.trailers).toEqual(['x-sum', '1', 'grpc-status', '0']);
  });
});

describe('a reply', () => {
  test.each([true, false])('fields in their order, doubled ones too (placeholders about: %s)', async (masked) => {
    const scene = await echo(false);
    const { session } = await openH2(scene);
    if (masked) await collectH2(session.request({ ...VALUES, 'content-type': 'application/json' }).end(JSON.stringify([EMAIL])));
    const reply = await collectH2(session.request({ ...VALUES, 'content-type': 'application/json' }).end('[]'));
    expect(reply.headers).toEqual([':status', '200', 'x-b', '1', 'set-cookie', 'a=1', 'x-a', '2', 'set-cookie', 'b=2', 'x-b', '3']);
    expect(reply.body.toString()).toBe('[]');
  });

  test.each([204, 304, 404, 529])('the status %s without a body', async (status) => {
    const scene = await startScriptedH2((call) =>
      call.stream.respond({ ':status': status, 'x-a': '1' }, { endStream: true, sendDate: false } as object),
    );
    const { session } = await openH2(scene);
    const reply = await collectH2(session.request({ ...VALUES, ':method': 'GET' }));
    expect([reply.headers, reply.body.length, reply.cut]).toEqual([[':status', `${status}`, 'x-a', '1'], 0, undefined]);
  });
});
