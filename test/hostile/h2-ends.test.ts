// Checklist I115 and RFC 9113 6.8, 8.7 in raw frames: how a stream or a session ends on one side is how it ends on the other, and
// never politely when it was not polite.
import { describe, expect, onTestFinished, test } from 'vitest';
import { FLAG, FRAME, type H2Frame, h2Frame, headerBlock, headersFrame, openingBytes, PREFACE } from '../support/h2-frames.ts';
import { type RawH2, startRawH2 } from '../support/h2-raw.ts';
import { type RawUpstream, startRawH2Upstream } from '../support/h2-upstream.ts';
import type { OriginConnection } from '../support/origin.ts';
import { HOST, type Scripted, soon, startScripted, until } from '../support/scripted.ts';

const CODES = { NO_ERROR: 0, PROTOCOL_ERROR: 1, INTERNAL_ERROR: 2, REFUSED_STREAM: 7, CANCEL: 8, ENHANCE_YOUR_CALM: 11 } as const;
const head = (type = 'image/png') => [':method', 'POST', ':scheme', 'https', ':authority', HOST, ':path', '/x', 'content-type', type];
const u32 = (...ns: readonly number[]) => {
  const out = Buffer.alloc(4 * ns.length);
  ns.forEach((n, i) => {
    out.writeUInt32BE(n, 4 * i);
  });
  return out;
};
const replyHead = (id: number, end = false) => headersFrame(id, [':status', '200'], end);
const data = (id: number, text: string, end = false) => h2Frame(FRAME.data, end ? FLAG.endStream : 0, id, Buffer.from(text));
const rst = (id: number, code: number) => h2Frame(FRAME.rst, 0, id, u32(code));
const goaway = (last: number, code: number) => h2Frame(FRAME.goaway, 0, 0, u32(last, code));
const isEnd = (f: H2Frame) => (f.type === FRAME.data || f.type === FRAME.headers) && (f.flags & FLAG.endStream) !== 0;

async function raw(s: Scripted): Promise<RawH2> {
  const client = await s.connect({ alpn: ['h2'] });
  onTestFinished(() => client.destroy());
  return startRawH2(client, openingBytes());
}

/** What came for a stream at upstream. */
const at = (up: RawUpstream, id: number) => up.frames.filter((f) => f.stream === id);
const codeOf = (f: H2Frame | undefined) => f?.payload.readUInt32BE(f.type === FRAME.goaway ? 4 : 0);

describe('upstream resets a stream', () => {
  test.each(Object.entries(CODES).filter(([name]) => name !== 'NO_ERROR'))(
    'with %s in mid-reply: the client sees the same code and no end',
    async (_n, code) => {
      const { s } = await startRawH2Upstream(async ({ c }, f) => {
        if (isEnd(f)) await c.write(Buffer.concat([replyHead(f.stream), data(f.stream, 'part'), rst(f.stream, code)]));
      });
      const h2 = await raw(s);
      await h2.send(headersFrame(1, head(), false), data(1, 'hi', true));
      expect(await h2.outcome(1)).toMatchObject({ how: 'reset', code });
      expect(h2.frames.filter((f) => f.stream === 1 && isEnd(f))).toEqual([]);
    },
  );

  // NO_ERROR is how a server drops the rest of an upload behind a whole reply. In the middle of one node:http2 makes the same end of it, and
  // the client got half a reply with a good end.
  test.each([true, false])('with NO_ERROR in mid-reply (data: %s): the client sees a cut', async (begun) => {
    const { s } = await startRawH2Upstream(async ({ c }, f) => {
      if (isEnd(f)) await c.write(Buffer.concat([replyHead(f.stream), ...(begun ? [data(f.stream, 'half')] : []), rst(f.stream, 0)]));
    });
    const h2 = await raw(s);
    await h2.send(headersFrame(1, head(), false), data(1, 'hi', true));
    expect(await h2.outcome(1)).toMatchObject({ how: 'reset', code: CODES.INTERNAL_ERROR });
  });

  test('with NO_ERROR behind a whole reply: the reply is whole, although the upload is not', async () => {
    const { s } = await startRawH2Upstream(async ({ c }, f) => {
      if (f.type === FRAME.data) await c.write(Buffer.concat([replyHead(1), data(1, 'whole', true), rst(1, CODES.NO_ERROR)]));
    });
    const h2 = await raw(s);
    await h2.send(headersFrame(1, head(), false), data(1, 'hi'));
    const outcome = await h2.outcome(1);
    expect(outcome.how).toBe('replied');
    expect(outcome.body.toString()).toBe('whole');
  });

  test('with REFUSED_STREAM before the reply: the client may ask again, so it is told so', async () => {
    const { s } = await startRawH2Upstream(async ({ c }, f) => {
      if (isEnd(f)) await c.write(rst(f.stream, CODES.REFUSED_STREAM));
    });
    const h2 = await raw(s);
    await h2.send(headersFrame(1, head(), false), data(1, 'hi', true));
    expect(await h2.outcome(1)).toMatchObject({ how: 'reset', code: CODES.REFUSED_STREAM });
  });

  test('with another code before the reply: a readable 502', async () => {
    const { s } = await startRawH2Upstream(async ({ c }, f) => {
      if (isEnd(f)) await c.write(rst(f.stream, CODES.INTERNAL_ERROR));
    });
    const h2 = await raw(s);
    await h2.send(headersFrame(1, head(), false), data(1, 'hi', true));
    const outcome = await h2.outcome(1);
    expect(outcome).toMatchObject({ how: 'replied' });
    expect(outcome.body.toString()).toContain('upstream-cut');
  });

  test('one of three: the others go on', async () => {
    const { s } = await startRawH2Upstream(async ({ c }, f) => {
      if (!isEnd(f)) return;
      await c.write(
        f.stream === 3
          ? Buffer.concat([replyHead(3), rst(3, CODES.CANCEL)])
          : Buffer.concat([replyHead(f.stream), data(f.stream, 'whole', true)]),
      );
    });
    const h2 = await raw(s);
    for (const id of [1, 3, 5]) await h2.send(headersFrame(id, head(), true));
    expect((await Promise.all([1, 3, 5].map((id) => h2.outcome(id)))).map((o) => o.how)).toEqual(['replied', 'reset', 'replied']);
  });
});

describe('the client resets a stream', () => {
  test.each([CODES.CANCEL, CODES.INTERNAL_ERROR, CODES.PROTOCOL_ERROR])(
    'in mid-upload with code %s: upstream sees it and no end',
    async (code) => {
      const { s, ups } = await startRawH2Upstream(() => {});
      const h2 = await raw(s);
      await h2.send(headersFrame(1, head(), false), data(1, 'half'));
      await until(() => ups[0]?.frames.some((f) => f.type === FRAME.data) === true, 'half is there');
      await h2.send(rst(1, code));
      await until(() => at(ups[0]!, 1).some((f) => f.type === FRAME.rst), 'the reset is there');
      expect(codeOf(at(ups[0]!, 1).find((f) => f.type === FRAME.rst))).toBe(code);
      expect(at(ups[0]!, 1).filter(isEnd)).toEqual([]);
    },
  );

  test('in mid-reply: upstream sees it, and other streams go on', async () => {
    const { s, ups } = await startRawH2Upstream(async ({ c }, f) => {
      if (f.type === FRAME.headers) await c.write(Buffer.concat([replyHead(f.stream), data(f.stream, 'part')]));
    });
    const h2 = await raw(s);
    await h2.send(headersFrame(1, head(), true), headersFrame(3, head(), true));
    await until(() => h2.frames.filter((f) => f.type === FRAME.data).length === 2, 'both have begun');
    await h2.send(rst(1, CODES.CANCEL));
    await until(() => at(ups[0]!, 1).some((f) => f.type === FRAME.rst), 'the reset is there');
    await ups[0]!.c.write(data(3, 'rest', true));
    expect((await h2.outcome(3)).body.toString()).toBe('partrest');
  });

  test('while its body is still inspected: upstream never hears of it', async () => {
    const { s, ups } = await startRawH2Upstream(() => {});
    const h2 = await raw(s);
    await h2.send(headersFrame(1, head('application/json'), false), data(1, '{"a":'), rst(1, CODES.CANCEL));
    expect(await s.daemon.record()).toMatchObject({ fault: 'client-gone' });
    expect(ups.flatMap((up) => at(up, 1))).toEqual([]);
  });
});

describe('the session ends', () => {
  test('GOAWAY from upstream: what it took it finishes, what it did not take is refused, and new streams go elsewhere', async () => {
    const { s, ups } = await startRawH2Upstream(async ({ c }, f) => {
      if (f.type !== FRAME.headers || f.stream !== 3) return;
      await c.write(goaway(1, CODES.NO_ERROR));
      await new Promise((resolve) => setTimeout(resolve, 30));
      await c.write(Buffer.concat([replyHead(1), data(1, 'done', true)]));
    });
    const h2 = await raw(s);
    await h2.send(headersFrame(1, head(), true), headersFrame(3, head(), true));
    expect(await h2.outcome(3)).toMatchObject({ how: 'reset', code: CODES.REFUSED_STREAM });
    expect(await h2.outcome(1)).toMatchObject({ how: 'replied' });
    expect(codeOf(h2.frames.find((f) => f.type === FRAME.goaway))).toBe(CODES.NO_ERROR);
    await soon(h2.client.over, 'the connection is closed');
    const again = await raw(s);
    await again.send(headersFrame(1, head(), true));
    await until(() => ups.length === 2 && at(ups[1]!, 1).length > 0, 'a new connection');
  });

  test('GOAWAY with an error: running streams are over, and the client hears the code', async () => {
    const { s } = await startRawH2Upstream(async ({ c }, f) => {
      if (f.type !== FRAME.headers) return;
      await c.write(Buffer.concat([replyHead(1), data(1, 'part')]));
      await new Promise((resolve) => setTimeout(resolve, 30));
      await c.write(goaway(1, CODES.ENHANCE_YOUR_CALM));
    });
    const h2 = await raw(s);
    await h2.send(headersFrame(1, head(), true));
    const outcome = await h2.outcome(1);
    expect(['reset', 'goaway']).toContain(outcome.how);
    await soon(h2.client.over, 'the connection is closed');
    expect(codeOf(h2.frames.find((f) => f.type === FRAME.goaway))).toBe(CODES.ENHANCE_YOUR_CALM);
    expect(h2.frames.filter((f) => f.stream === 1 && isEnd(f))).toEqual([]);
  });

  test.each([
    ['a reset', (c: OriginConnection) => c.reset()],
    ['close_notify and FIN', (c: OriginConnection) => c.end()],
    ['FIN', (c: OriginConnection) => c.fin()],
  ])('%s from upstream in mid-reply: no stream looks whole', async (_name, end) => {
    const { s } = await startRawH2Upstream(async ({ c }, f) => {
      if (f.type !== FRAME.headers) return;
      await c.write(Buffer.concat([replyHead(1), data(1, 'part')]));
      await new Promise((resolve) => setTimeout(resolve, 30));
      end(c);
    });
    const h2 = await raw(s);
    await h2.send(headersFrame(1, head(), true));
    await soon(h2.client.over, 'the connection is closed');
    expect(h2.frames.filter((f) => f.stream === 1 && isEnd(f))).toEqual([]);
    expect(await h2.outcome(1)).not.toMatchObject({ how: 'replied' });
  });

  test('an idle session that upstream closes is closed for the client, with a GOAWAY', async () => {
    const { s } = await startRawH2Upstream(async ({ c }, f) => {
      if (f.type !== FRAME.headers) return;
      await c.write(Buffer.concat([replyHead(1, true)]));
      await new Promise((resolve) => setTimeout(resolve, 30));
      c.end();
    });
    const h2 = await raw(s);
    await h2.send(headersFrame(1, head(), true));
    expect(await h2.outcome(1)).toMatchObject({ how: 'replied' });
    await soon(h2.client.over, 'the connection is closed');
    expect(codeOf(h2.frames.find((f) => f.type === FRAME.goaway))).toBe(CODES.NO_ERROR);
  });

  test('GOAWAY from the client: what runs is finished', async () => {
    const { s } = await startRawH2Upstream(async ({ c }, f) => {
      if (f.type !== FRAME.headers) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
      await c.write(Buffer.concat([replyHead(1), data(1, 'done', true)]));
    });
    const h2 = await raw(s);
    await h2.send(headersFrame(1, head(), true), goaway(0, CODES.NO_ERROR));
    expect((await h2.outcome(1)).body.toString()).toBe('done');
  });

  test('an upstream that never sends SETTINGS is a 502', async () => {
    const s = await startScripted(() => {}, { alpn: ['h2'], daemon: { limits: { connectMs: 300 } } });
    const h2 = await raw(s);
    await h2.send(headersFrame(1, head(), true));
    expect((await h2.outcome(1)).body.toString()).toContain('upstream-silent');
  });

  test('an upstream that pushes is refused the push, and its answer passes', async () => {
    const { s, ups } = await startRawH2Upstream(async ({ c }, f) => {
      if (f.type !== FRAME.headers) return;
      await c.write(h2Frame(FRAME.push, FLAG.endHeaders, 1, Buffer.concat([u32(2), Buffer.from([0x82, 0x87, 0x84])])));
      await c.write(Buffer.concat([replyHead(1), data(1, 'done', true)]));
    });
    const client = await s.connect({ alpn: ['h2'] });
    const h2 = startRawH2(client, openingBytes([[2, 1]]));
    await h2.send(headersFrame(1, head(), true));
    const outcome = await h2.outcome(1);
    if (outcome.how === 'replied') expect(outcome.body.toString()).toBe('done');
    expect(h2.frames.filter((f) => f.type === FRAME.push)).toEqual([]);
    expect(ups).toHaveLength(1);
  });

  // A client that says nothing of push allows it (RFC 9113 6.5.2), so the promise becomes a stream; refusing that made it emit an error
  // nobody listened for, and one PUSH_PROMISE ended the daemon with everybody else's exchanges.
  test('an upstream that pushes a whole request to a client that allows it: refused, and nothing else happens', async () => {
    const pushed = [':method', 'GET', ':scheme', 'https', ':authority', HOST, ':path', '/pushed'];
    const { s, ups } = await startRawH2Upstream(async ({ c }, f) => {
      if (f.type !== FRAME.headers) return;
      await c.write(h2Frame(FRAME.push, FLAG.endHeaders, 1, Buffer.concat([u32(2), headerBlock(pushed)])));
      await c.write(Buffer.concat([replyHead(1), data(1, 'done', true)]));
    });
    const h2 = await raw(s);
    await h2.send(headersFrame(1, head(), true));
    expect((await h2.outcome(1)).body.toString()).toBe('done');
    const refusal = () => at(ups[0]!, 2).find((f) => f.type === FRAME.rst);
    await until(() => refusal() !== undefined, 'the push is refused');
    expect(codeOf(refusal())).toBe(CODES.REFUSED_STREAM);
    expect(h2.frames.filter((f) => f.type === FRAME.push)).toEqual([]);
  });
});

// node:http2 feeds a new session what its socket already holds, piece by piece, and does not look whether the session outlived the piece
// before (a TypeError out of its core that nobody can catch, Node 26). A client that broke the protocol, had more on the way and was gone
// when it was told so ended the daemon.
test('a client that breaks the protocol in the first of several pieces, and leaves, hurts nobody', async () => {
  const uncaught: unknown[] = [];
  const note = (error: unknown) => uncaught.push(error);
  process.on('uncaughtExceptionMonitor', note);
  onTestFinished(() => void process.off('uncaughtExceptionMonitor', note));
  const ups: OriginConnection[] = [];
  const s = await startScripted(
    async (c) => {
      await c.reader.exactly(PREFACE.length);
      ups.push(c);
    },
    { alpn: ['h2'] },
  );
  for (let round = 0; round < 5; round++) {
    const client = await s.connect({ alpn: ['h2'] });
    await client.write(Buffer.concat([PREFACE, h2Frame(FRAME.settings, 0, 1)]));
    await until(() => ups.length === round + 1, 'the preface was read');
    await client.write(headersFrame(1, head(), true));
    await new Promise((resolve) => setTimeout(resolve, 20));
    // The session is made when upstream has spoken; the client must have left by then, and we not have heard of it.
    void ups[round]!.write(h2Frame(FRAME.settings, 0, 0));
    client.reset();
    await until(() => s.daemon.proxy.status().connections === 0, 'the connection is over');
  }
  expect(uncaught).toEqual([]);
});
