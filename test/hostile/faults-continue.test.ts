// Checklist G91: an expectation is upstream's to meet, and an answer that comes before the body is the client's to hear.
import { describe, expect, test } from 'vitest';
import { callH2 } from '../support/h2-client.ts';
import { chunk, headBytes, readReplyHead, replyBytes, requestBytes } from '../support/http1.ts';
import type { OriginConnection } from '../support/origin.ts';
import { EMAIL } from '../support/samples.ts';
import { HOST, openH2, soon, startScripted, startScriptedH2, until } from '../support/scripted.ts';

const JSON_TYPE = ['Content-Type', 'application/json'];
const PNG = ['Content-Type', 'image/png'];
const EXPECT = ['Expect', '100-continue'];
const MB = 1 << 20;

async function untilHead(c: OriginConnection): Promise<string> {
  return (await c.reader.until('\r\n\r\n'))!.toString();
}

test('100 Continue end to end: the client waits for upstream, upstream for the client', async () => {
  const scene = await startScripted(async (c) => {
    expect(await untilHead(c)).toContain('Expect: 100-continue\r\n');
    // The body must not be on its way before the go-ahead.
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(c.reader.unread()).toHaveLength(0);
    await c.write('HTTP/1.1 100 Go Ahead\r\nX-Interim: 1\r\n\r\n');
    expect((await c.reader.exactly(4)).toString()).toBe('body');
    await c.write(replyBytes('200 OK', [], 'done'));
  });
  const client = await scene.connect();
  await client.write(headBytes('POST /x HTTP/1.1', ['Host', HOST, ...PNG, ...EXPECT, 'Content-Length', '4']));
  expect((await client.reader.until('\r\n\r\n'))!.toString()).toBe('HTTP/1.1 100 Go Ahead\r\nX-Interim: 1\r\n\r\n');
  await client.write('body');
  expect((await client.reply()).body.toString()).toBe('done');
});

test('a body that is inspected: the client gets its go-ahead, upstream its expectation, the value stays here', async () => {
  const scene = await startScripted(async (c) => {
    expect(await untilHead(c)).toContain('Expect: 100-continue\r\n');
    await c.write('HTTP/1.1 100 Continue\r\n\r\n');
    await c.reader.until('"}');
    await c.write(replyBytes('200 OK', [], 'done'));
  });
  const client = await scene.connect();
  const body = JSON.stringify({ to: EMAIL });
  await client.write(headBytes('POST /x HTTP/1.1', ['Host', HOST, ...JSON_TYPE, ...EXPECT, 'Content-Length', `${body.length}`]));
  expect((await client.reader.until('\r\n\r\n'))!.toString()).toMatch(/^HTTP\/1.1 100 /);
  await client.write(body);
  const interim: number[] = [];
  expect((await readReplyHead(client.reader, (status) => interim.push(status))).status).toBe(200);
  expect(interim).toEqual([]);
  expect(scene.origin.connections[0]!.reader.received().toString()).not.toContain(EMAIL);
});

test('an upstream that never says Continue gets the body all the same', async () => {
  const scene = await startScripted(async (c) => {
    await c.request();
    await c.write(replyBytes('200 OK', [], 'done'));
  });
  const client = await scene.connect();
  const body = JSON.stringify({ to: EMAIL });
  await client.write(headBytes('POST /x HTTP/1.1', ['Host', HOST, ...JSON_TYPE, ...EXPECT, 'Content-Length', `${body.length}`]));
  await client.reader.until('\r\n\r\n');
  await client.write(body);
  expect((await client.reply()).body.toString()).toBe('done');
});

test('an upstream that goes instead of answering is a 502', async () => {
  const scene = await startScripted(async (c) => {
    await untilHead(c);
    c.end();
  });
  const client = await scene.connect();
  expect((await client.request('POST /x', ['Host', HOST, ...JSON_TYPE, ...EXPECT], '{}')).status).toBe(502);
});

describe('an early answer reaches the client', () => {
  test.each([
    ['413 Content Too Large', PNG],
    ['417 Expectation Failed', PNG],
    ['413 Content Too Large', JSON_TYPE],
    ['417 Expectation Failed', JSON_TYPE],
  ])('to an expectation: %s (%j)', async (status, type) => {
    const scene = await startScripted(async (c) => {
      await untilHead(c);
      await c.write(replyBytes(status, ['Connection', 'close'], 'no'));
      c.end();
    });
    const client = await scene.connect();
    await client.write(headBytes('POST /x HTTP/1.1', ['Host', HOST, ...type, ...EXPECT, 'Content-Length', '2']));
    if (type === JSON_TYPE) {
      await client.reader.until('\r\n\r\n');
      await client.write('{}');
    }
    const reply = await client.reply();
    expect([`${reply.status} ${reply.reason}`, reply.body.toString()]).toEqual([status, 'no']);
    // The body never went out, so nothing may follow it on this connection.
    await soon(client.reader.ended, 'the connection is closed');
  });

  const framings = {
    'by length': { headers: ['Content-Length', `${64 * MB}`], piece: Buffer.alloc(MB) },
    'in chunks': { headers: ['Transfer-Encoding', 'chunked'], piece: chunk(Buffer.alloc(MB)) },
  } as const;
  const manners = {
    'and reads on': () => {},
    'and ends': (c: OriginConnection) => c.end(),
    // With the rest of the upload unread the kernel makes a reset of it, right behind the answer.
    'and closes': (c: OriginConnection) => c.socket.destroy(),
    'and reads no more': (c: OriginConnection) => c.reader.detach(),
  } as const;
  test.each(
    (Object.keys(framings) as (keyof typeof framings)[]).flatMap((framing) =>
      (Object.keys(manners) as (keyof typeof manners)[]).map((manner) => [framing, manner] as const),
    ),
  )('in mid-upload %s, by an upstream that answers %s', async (framing, manner) => {
    const { headers, piece } = framings[framing];
    const scene = await startScripted(
      async (c) => {
        await untilHead(c);
        await c.reader.exactly(2 * MB);
        await c.write(replyBytes('413 Content Too Large', ['Connection', 'close'], 'no'));
        manners[manner](c);
      },
      { keep: false },
    );
    const client = await scene.connect();
    await client.write(headBytes('POST /x HTTP/1.1', ['Host', HOST, ...PNG, ...headers]));
    const reply = client.reply();
    let stop = false;
    const upload = (async () => {
      for (let i = 0; i < 63 && !stop && !client.stream.destroyed; i++) await Promise.race([client.write(piece), client.over]);
    })();
    expect((await reply).body.toString()).toBe('no');
    stop = true;
    client.destroy();
    await upload;
  });

  test('to a body that was inspected, by an upstream that does not read it', async () => {
    const scene = await startScripted(async (c) => {
      await untilHead(c);
      c.reader.detach();
      await c.write(replyBytes('413 Content Too Large', ['Connection', 'close'], 'no'));
    });
    const client = await scene.connect();
    const reply = await client.request('POST /x', ['Host', HOST, ...JSON_TYPE], `{"a":"${'x'.repeat(20 * MB)}"}`);
    expect([reply.status, reply.body.toString()]).toEqual([413, 'no']);
  });

  test('over HTTP/2', async () => {
    const scene = await startScriptedH2((call) => {
      call.stream.respond({ ':status': 413 });
      call.stream.end('no');
    });
    const { session } = await openH2(scene);
    const stream = session.request({
      ':method': 'POST',
      ':path': '/x',
      ':scheme': 'https',
      ':authority': HOST,
      'content-type': 'image/png',
    });
    stream.on('error', () => {});
    stream.write(Buffer.alloc(1000));
    const status = new Promise((resolve) => stream.once('response', (head) => resolve(head[':status'])));
    let text = '';
    stream.setEncoding('utf8');
    stream.on('data', (piece: string) => {
      text += piece;
    });
    expect(await soon(status, 'the answer comes')).toBe(413);
    await soon(new Promise((resolve) => stream.once('end', resolve)), 'the answer ends');
    expect(text).toBe('no');
    stream.end();
    // The other streams of the session are none the worse.
    expect((await callH2(session, { ':method': 'GET', ':path': '/y', ':scheme': 'https', ':authority': HOST })).status).toBe(413);
  });
});

describe('interim replies', () => {
  const EARLY = 'HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\nlink: </b>\r\n\r\n';

  test('pass in order, as they are', async () => {
    const scene = await startScripted(async (c) => {
      await c.request();
      await c.write(`${EARLY}HTTP/1.1 102 Processing\r\n\r\n`);
      await c.write(replyBytes('200 OK', [], 'done'));
    });
    const client = await scene.connect();
    await client.write(requestBytes('GET /x', ['Host', HOST]));
    expect((await client.reader.until('\r\n\r\n'))!.toString()).toBe(EARLY);
    expect((await client.reader.until('\r\n\r\n'))!.toString()).toBe('HTTP/1.1 102 Processing\r\n\r\n');
    expect((await client.reply()).body.toString()).toBe('done');
  });

  test('do not reach a client of HTTP/1.0, which knows none', async () => {
    const scene = await startScripted(async (c) => {
      await c.request();
      await c.write(EARLY);
      await c.write(replyBytes('200 OK', [], 'done'));
    });
    const client = await scene.connect();
    await client.write(headBytes('GET /x HTTP/1.0', ['Host', HOST]));
    expect((await client.reader.until('\r\n'))!.toString()).toMatch(/ 200 OK/);
  });

  test('without end are a 502', async () => {
    const scene = await startScripted(async (c) => {
      await c.request();
      while (!c.stream.destroyed) await c.write(EARLY);
    });
    const client = await scene.connect();
    expect((await client.request('GET /x', ['Host', HOST])).status).toBe(502);
  });

  test('over HTTP/2', async () => {
    const scene = await startScriptedH2((call) => {
      call.stream.additionalHeaders({ ':status': 103, link: ['</a>', '</b>'] });
      call.stream.respond({ ':status': 200 });
      call.stream.end();
    });
    const { session } = await openH2(scene);
    const stream = session.request({ ':method': 'GET', ':path': '/x', ':scheme': 'https', ':authority': HOST });
    const seen: unknown[] = [];
    stream.on('headers', (head) => seen.push(head[':status'], head.link));
    stream.resume();
    await soon(new Promise((resolve) => stream.once('close', resolve)), 'the reply');
    expect(seen).toEqual([103, '</a>, </b>']);
    await until(() => scene.daemon.records.length === 1, 'recorded');
  });
});
