// Checklist G86: whoever reads slowly slows down whoever writes, in both directions and on every kind of connection, and once
// reading goes on all of it arrives.
import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { type Client, openWebSocket } from '../support/client.ts';
import { chunk, headBytes, replyBytes } from '../support/http1.ts';
import type { OriginConnection } from '../support/origin.ts';
import { EMAIL } from '../support/samples.ts';
import { HOST, openH2, type Scripted, STRANGER, startScripted, startScriptedH2, until } from '../support/scripted.ts';
import { acceptValue } from '../support/websocket.ts';
import { frameBytes } from '../support/websocket-frames.ts';

const MB = 1 << 20;
const TOTAL = 40 * MB;
/** The goal for bytes taken from a sender whose receiver reads nothing; the kernel's own buffers are part of it. */
const LIMIT = 16 * MB;
const PIECE = Buffer.alloc(64 * 1024, 'abcdefghijklmno\n');
const PIECES = TOTAL / PIECE.length;

/** Writes it all, piece by piece, as fast as it is taken; `taken` counts. */
function pour(stream: Duplex, pieceOf: (i: number) => Uint8Array): { taken: number; pieces: number } {
  const count = { taken: 0, pieces: 0 };
  const next = () => {
    if (count.pieces === PIECES || stream.destroyed) return;
    const piece = pieceOf(count.pieces);
    stream.write(piece, () => {
      count.taken += piece.length;
      count.pieces++;
      next();
    });
  };
  next();
  return count;
}

/** Waits until nothing more is taken; gives what was. */
async function settled(count: { taken: number }): Promise<number> {
  let before = -1;
  let quiet = 0;
  while (quiet < 15) {
    quiet = count.taken === before ? quiet + 1 : 0;
    before = count.taken;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return count.taken;
}

async function bytesOf(stream: Duplex, count: number): Promise<{ bytes: number; hash: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  await new Promise<void>((resolve) => {
    stream.on('data', (piece: Buffer) => {
      bytes += piece.length;
      hash.update(piece);
      if (bytes >= count) resolve();
    });
    stream.on('close', () => resolve());
    stream.resume();
  });
  return { bytes, hash: hash.digest('hex') };
}

function expected(pieceOf: (i: number) => Uint8Array): { bytes: number; hash: string } {
  const hash = createHash('sha256');
  let bytes = 0;
  for (let i = 0; i < PIECES; i++) {
    const piece = pieceOf(i);
    hash.update(piece);
    bytes += piece.length;
  }
  return { bytes, hash: hash.digest('hex') };
}

const whole = () => PIECE;
const chunked = () => chunk(PIECE);
const event = () => Buffer.from(`data: ${PIECE.toString('latin1', 0, PIECE.length - 9).replaceAll('\n', 'x')}\n\n`);
const oneEvent = chunk(event());

interface Way {
  readonly headers: readonly string[];
  readonly piece: () => Uint8Array;
  readonly masked?: boolean;
  readonly door?: 'clear' | 'tunnel';
}
const DOWN: Readonly<Record<string, Way>> = {
  'by length': { headers: ['Content-Type', 'image/png', 'Content-Length', `${TOTAL}`], piece: whole },
  'in chunks': { headers: ['Content-Type', 'image/png', 'Transfer-Encoding', 'chunked'], piece: chunked },
  'as events that are restored': {
    headers: ['Content-Type', 'text/event-stream', 'Transfer-Encoding', 'chunked'],
    piece: () => oneEvent,
    masked: true,
  },
  'in clear': { headers: ['Content-Length', `${TOTAL}`], piece: whole, door: 'clear' },
  'through a tunnel': { headers: ['Content-Length', `${TOTAL}`], piece: whole, door: 'tunnel' },
};

async function open(scene: Scripted, door: Way['door']): Promise<Client> {
  if (door === 'clear') return scene.connectPlain({ keep: false });
  return scene.connect({ keep: false, ...(door === 'tunnel' ? { host: STRANGER } : {}) });
}

describe('a client that reads nothing', () => {
  test.each(Object.keys(DOWN))('%s', async (name) => {
    const way = DOWN[name]!;
    let count = { taken: 0 };
    const scene = await startScripted(
      async (c) => {
        for (let q = await c.request(); q; q = await c.request()) {
          if (q.target === '/mask') {
            await c.write(replyBytes('200 OK', [], '{}'));
            continue;
          }
          await c.write(headBytes('HTTP/1.1 200 OK', way.headers));
          count = pour(c.stream, way.piece);
          return;
        }
      },
      { clear: way.door === 'clear' },
    );
    if (way.masked) await (await scene.connect()).request('POST /mask', ['Host', HOST, 'Content-Type', 'application/json'], `["${EMAIL}"]`);
    const client = await open(scene, way.door);
    await client.write(headBytes(`GET ${way.door === 'clear' ? `http://${HOST}` : ''}/much HTTP/1.1`, ['Host', HOST]));
    const head = await client.reader.until('\r\n\r\n');
    expect(head!.toString()).toMatch(/^HTTP\/1.1 200/);
    client.reader.detach();
    const taken = await settled(count);
    expect(taken).toBeGreaterThan(0);
    expect(taken).toBeLessThan(LIMIT);
    const got = await bytesOf(client.stream, way.piece().length * PIECES);
    expect(got).toEqual(expected(way.piece));
  });

  test('over HTTP/2, one stream of two; the other one flows', async () => {
    const counts: { taken: number }[] = [];
    const scene = await startScriptedH2((call) => {
      call.stream.respond({ ':status': 200, 'content-type': 'image/png' });
      counts.push(pour(call.stream, whole));
    });
    const { session } = await openH2(scene, { settings: { initialWindowSize: 4 * MB } });
    session.setLocalWindowSize(64 * MB);
    const [stalled, flowing] = ['/stalled', '/flowing'].map((path) =>
      session.request({ ':method': 'GET', ':path': path, ':scheme': 'https', ':authority': HOST }),
    );
    stalled!.pause();
    expect(await bytesOf(flowing!, TOTAL)).toEqual(expected(whole));
    expect(await settled(counts[0]!)).toBeLessThan(LIMIT);
    expect(await bytesOf(stalled!, TOTAL)).toEqual(expected(whole));
  });

  // Each stream alone stayed within its window; ten of them held ten windows.
  test('over HTTP/2, ten streams of one client together', async () => {
    const counts: { taken: number }[] = [];
    const scene = await startScriptedH2((call) => {
      call.stream.respond({ ':status': 200, 'content-type': 'image/png' });
      counts.push(pour(call.stream, whole));
    });
    const { client, session } = await openH2(scene, { settings: { initialWindowSize: 8 * MB } });
    session.setLocalWindowSize(1024 * MB);
    const open = (path: string) => session.request({ ':method': 'GET', ':path': path, ':scheme': 'https', ':authority': HOST });
    const stalled = Array.from({ length: 10 }, (_, i) => open(`/stalled-${i}`).pause());
    // Not the streams, whose windows would hold it all: the connection itself.
    await until(() => counts.length > 0, 'a reply');
    client.tap.socket.pause();
    await until(() => counts.length === 10, 'ten replies');
    const sum = {
      get taken() {
        return counts.reduce((n, c) => n + c.taken, 0);
      },
    };
    expect(await settled(sum)).toBeLessThan(LIMIT);
    client.tap.socket.resume();
    expect(await bytesOf(open('/flowing'), TOTAL)).toEqual(expected(whole));
    for (const one of await Promise.all(stalled.map((stream) => bytesOf(stream, TOTAL)))) expect(one).toEqual(expected(whole));
  });

  test('on a WebSocket', async () => {
    const message = frameBytes({ opcode: 2, payload: PIECE });
    let count = { taken: 0 };
    const scene = await startScripted(async (c) => {
      await switchProtocols(c);
      count = pour(c.stream, () => message);
    });
    const client = await scene.connect({ keep: false });
    const { peer } = await openWebSocket(client, '/v1/realtime', { host: HOST });
    peer.stream.pause();
    expect(await settled(count)).toBeLessThan(LIMIT);
    peer.stream.removeAllListeners('data');
    const before = peer.frames.length;
    const got = bytesOf(peer.stream, message.length * (PIECES - before - 1));
    expect(((await got).bytes + before * message.length) / message.length).toBeGreaterThan(PIECES - 2);
  });
});

async function switchProtocols(c: OriginConnection): Promise<void> {
  const upgrade = (await c.request())!;
  const key = upgrade.headers[upgrade.headers.indexOf('Sec-WebSocket-Key') + 1]!;
  const accept = ['Upgrade', 'websocket', 'Connection', 'Upgrade', 'Sec-WebSocket-Accept', acceptValue(key)];
  await c.write(headBytes('HTTP/1.1 101 Switching Protocols', accept));
}

const UP: Readonly<Record<string, Way>> = {
  'by length': DOWN['by length']!,
  'in chunks': DOWN['in chunks']!,
  'in clear': { headers: ['Content-Type', 'image/png', 'Content-Length', `${TOTAL}`], piece: whole, door: 'clear' },
  'through a tunnel': { headers: ['Content-Length', `${TOTAL}`], piece: whole, door: 'tunnel' },
};

describe('an upstream that reads nothing', () => {
  test.each(Object.keys(UP))('%s', async (name) => {
    const way = UP[name]!;
    const scene = await startScripted(
      async (c) => {
        await c.reader.until('\r\n\r\n');
        c.reader.detach();
      },
      { clear: way.door === 'clear', keep: false },
    );
    const client = await open(scene, way.door);
    await client.write(headBytes(`POST ${way.door === 'clear' ? `http://${HOST}` : ''}/much HTTP/1.1`, ['Host', HOST, ...way.headers]));
    const upstream = await scene.origin.connection(1);
    await until(() => upstream.stream.isPaused(), 'upstream has stopped reading');
    const count = pour(client.stream, way.piece);
    expect(await settled(count)).toBeLessThan(LIMIT);
    expect(await bytesOf(upstream.stream, way.piece().length * PIECES)).toEqual(expected(way.piece));
  });

  test('over HTTP/2', async () => {
    const scene = await startScriptedH2((call) => {
      call.stream.removeAllListeners('data');
      call.stream.pause();
    });
    const { session } = await openH2(scene);
    const stream = session.request({
      ':method': 'POST',
      ':path': '/much',
      ':scheme': 'https',
      ':authority': HOST,
      'content-type': 'image/png',
    });
    await until(() => scene.origin.calls.length === 1, 'upstream has the head');
    const count = pour(stream, whole);
    expect(await settled(count)).toBeLessThan(LIMIT);
    const upstream = scene.origin.calls[0]!.stream;
    expect(await bytesOf(upstream, TOTAL)).toEqual(expected(whole));
  });
});
