// A WebSocket on an HTTP/2 stream (RFC 8441) ends like one on a connection of its own: what was cut looks cut on the other side.
import { describe, expect, onTestFinished, test } from 'vitest';
import { FLAG, FRAME, type H2Frame, H2FrameParser, h2Frame, headersFrame, openingBytes, PREFACE } from '../support/h2-frames.ts';
import { type RawH2, startRawH2 } from '../support/h2-raw.ts';
import type { OriginConnection } from '../support/origin.ts';
import { HOST, type Scripted, startScripted, until } from '../support/scripted.ts';
import { frameBytes } from '../support/websocket-frames.ts';

const CONNECT = [
  ':method',
  'CONNECT',
  ':protocol',
  'websocket',
  ':scheme',
  'https',
  ':authority',
  HOST,
  ':path',
  '/v1/realtime',
  'sec-websocket-version',
  '13',
];
const MASK = Buffer.from([1, 2, 3, 4]);
const HELLO = frameBytes({ opcode: 1, payload: Buffer.from('hello') }, MASK);
const CLOSE = Buffer.from([0x03, 0xe8]);
const data = (bytes: Buffer, end = false) => h2Frame(FRAME.data, end ? FLAG.endStream : 0, 1, bytes);
const rst = (code: number) => h2Frame(FRAME.rst, 0, 1, Buffer.from([0, 0, 0, code]));
const isEnd = (f: H2Frame) => f.type === FRAME.data && (f.flags & FLAG.endStream) !== 0;

async function open(): Promise<{ readonly s: Scripted; readonly h2: RawH2; readonly up: H2Frame[]; readonly c: OriginConnection }> {
  const up: H2Frame[] = [];
  const s = await startScripted(
    async (c) => {
      const parser = new H2FrameParser();
      await c.reader.exactly(PREFACE.length);
      await c.write(h2Frame(FRAME.settings, 0, 0, Buffer.from([0, 8, 0, 0, 0, 1])));
      for (;;) {
        const bytes = await c.reader.some().catch(() => Buffer.alloc(0));
        if (bytes.length === 0) return;
        for (const frame of parser.feed(bytes)) {
          up.push(frame);
          if (frame.type === FRAME.settings && frame.flags === 0) await c.write(h2Frame(FRAME.settings, FLAG.ack, 0));
          if (frame.type === FRAME.headers) await c.write(headersFrame(1, [':status', '200'], false));
        }
      }
    },
    { alpn: ['h2'], waitMs: 60_000 },
  );
  const client = await s.connect({ alpn: ['h2'] });
  onTestFinished(() => client.destroy());
  const h2 = startRawH2(client, openingBytes());
  await until(
    () => h2.frames.some((f) => f.type === FRAME.settings && f.payload.includes(Buffer.from([0, 8, 0, 0, 0, 1]))),
    'WebSockets are welcome',
  );
  await h2.send(headersFrame(1, CONNECT, false));
  await until(() => h2.frames.some((f) => f.type === FRAME.headers), 'the WebSocket is open');
  await h2.send(data(HELLO));
  await until(() => up.some((f) => f.type === FRAME.data && f.payload.equals(HELLO)), 'a message went through as it came');
  return { s, h2, up, c: s.origin.connections[0]! };
}

describe('the client', () => {
  test.each([
    ['resets the stream', (h2: RawH2) => void h2.send(rst(8))],
    ['resets the connection', (h2: RawH2) => h2.client.reset()],
    ['just ends the stream', (h2: RawH2) => void h2.send(data(Buffer.alloc(0), true))],
  ])('%s: upstream is cut', async (_name, go) => {
    const { h2, up, c, s } = await open();
    go(h2);
    await until(() => up.some((f) => f.type === FRAME.rst) || c.reader.ending !== undefined, 'upstream is cut');
    expect(up.filter(isEnd)).toEqual([]);
    await s.daemon.record((r) => r.protocol === 'websocket');
  });
});

describe('upstream', () => {
  test.each([
    ['resets the stream', (c: OriginConnection) => void c.write(rst(2))],
    ['resets the connection', (c: OriginConnection) => c.reset()],
    ['just ends the stream', (c: OriginConnection) => void c.write(data(Buffer.alloc(0), true))],
  ])('%s: the client is cut', async (_name, go) => {
    const { h2, c, s } = await open();
    go(c);
    const outcome = await h2.outcome(1);
    expect(outcome.how).not.toBe('replied');
    expect(await s.daemon.record((r) => r.protocol === 'websocket')).toMatchObject({ fault: 'upstream-cut' });
  });

  test('closes as it should: both sides end politely', async () => {
    const { h2, up, c, s } = await open();
    await c.write(data(frameBytes({ opcode: 8, payload: CLOSE })));
    await until(() => h2.frames.some((f) => f.type === FRAME.data && f.payload.length === 4), 'Close came');
    await h2.send(data(frameBytes({ opcode: 8, payload: CLOSE }, MASK), true));
    await until(() => up.some(isEnd), 'the client’s end came');
    await c.write(data(Buffer.alloc(0), true));
    expect(await h2.outcome(1)).toMatchObject({ how: 'replied' });
    expect((await s.daemon.record((r) => r.protocol === 'websocket')).fault).toBeUndefined();
  });
});
