// Checklist G82 to G84: what may go out twice does when a kept connection was stale, what may not goes out at most once, and half
// an upload never becomes a whole one.
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import type { Client } from '../support/client.ts';
import { chunk, headBytes, replyBytes, requestBytes } from '../support/http1.ts';
import type { OriginConnection } from '../support/origin.ts';
import { HOST, openH2, soon, startScripted, startScriptedH2, until } from '../support/scripted.ts';

const ENDINGS = {
  FIN: (c: OriginConnection) => c.end(),
  reset: (c: OriginConnection) => c.reset(),
} as const;
type Ending = keyof typeof ENDINGS;
const BOTH = Object.keys(ENDINGS) as Ending[];

/** The first connection answers once and then ends as told; later ones answer for ever. */
function stalePlay(end: (c: OriginConnection) => Promise<void>) {
  return async (c: OriginConnection) => {
    for (let q = await c.request(); q; q = await c.request()) {
      await c.write(replyBytes('200 OK', [], `${c.id} ${q.method} ${q.target}`));
      if (c.id === 1) return end(c);
    }
  };
}

describe('a kept connection that upstream has closed', () => {
  test.each(BOTH.flatMap((ending) => ['GET', 'POST', 'DELETE'].map((method) => [ending, method] as const)))(
    'while it was idle, by %s: %s goes out on a new one, once',
    async (ending, method) => {
      const scene = await startScripted(stalePlay(async (c) => ENDINGS[ending](c)));
      const client = await scene.connect();
      await client.request('GET /1', ['Host', HOST]);
      await soon(scene.origin.connections[0]!.reader.ended, 'our side is closed too');
      const reply = await client.request(`${method} /2`, ['Host', HOST], method === 'POST' ? 'body' : '');
      expect(reply.body.toString()).toBe(`2 ${method} /2`);
      expect(scene.origin.connections.flatMap((c) => c.requests.map((q) => q.target))).toEqual(['/1', '/2']);
      expect(client.reader.ending).toBeUndefined();
    },
  );

  test.each(BOTH)('just as the request arrives, by %s: GET costs nothing', async (ending) => {
    const scene = await startScripted(async (c) => {
      await c.request();
      await c.write(replyBytes('200 OK', [], `${c.id}`));
      // The second request is read, so that nothing but the answer is missing.
      if (await c.request()) ENDINGS[ending](c);
    });
    const client = await scene.connect();
    await client.request('GET /1', ['Host', HOST]);
    expect((await client.request('GET /2', ['Host', HOST])).body.toString()).toBe('2');
    expect(scene.origin.connections.map((c) => c.requests.length)).toEqual([2, 1]);
  });

  test.each(BOTH)('just as the request arrives, by %s: POST is not sent again', async (ending) => {
    const scene = await startScripted(async (c) => {
      await c.request();
      await c.write(replyBytes('200 OK', [], `${c.id}`));
      if (await c.request()) ENDINGS[ending](c);
    });
    const client = await scene.connect();
    await client.request('GET /1', ['Host', HOST]);
    expect((await client.request('POST /2', ['Host', HOST], 'body')).status).toBe(502);
    expect(scene.origin.connections.flatMap((c) => c.requests.map((q) => q.target))).toEqual(['/1', '/2']);
  });

  test('with junk in it: the junk is nobody’s answer', async () => {
    const scene = await startScripted(async (c) => {
      for (let q = await c.request(); q; q = await c.request()) {
        await c.write(replyBytes('200 OK', [], `${c.id} ${q.target}`));
        if (c.id === 1) await c.write(replyBytes('200 OK', [], 'poison'));
      }
    });
    const client = await scene.connect();
    await client.request('GET /1', ['Host', HOST]);
    await until(
      () => scene.origin.connections[0]!.reader.ending !== undefined || scene.origin.connections.length > 1,
      'dropped',
      300,
    ).catch(() => {});
    const reply = await client.request('GET /2', ['Host', HOST]);
    expect(reply.body.toString()).not.toBe('poison');
  });
});

describe('at most once', () => {
  const cuts = {
    'before a byte of the reply': async (c: OriginConnection) => c.reset(),
    'by a polite end': async (c: OriginConnection) => c.end(),
    'inside the reply head': async (c: OriginConnection) => {
      await c.write('HTTP/1.1 200 OK\r\nX');
      c.reset();
    },
    'inside the reply': async (c: OriginConnection) => {
      await c.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf');
      c.reset();
    },
    'by garbage': async (c: OriginConnection) => {
      await c.write('garbage\r\n\r\n');
    },
  } as const;
  test.each(
    (Object.keys(cuts) as (keyof typeof cuts)[]).flatMap((name) => ['image/png', 'application/json'].map((type) => [name, type] as const)),
  )('a POST whose answer is cut %s (%s)', async (name, type) => {
    const scene = await startScripted(async (c) => {
      if (await c.request()) await cuts[name](c);
    });
    const client = await scene.connect();
    const wait = client.request('POST /x', ['Host', HOST, 'Content-Type', type], '{"a":1}');
    const reply = await wait;
    expect(reply.status === 502 || !reply.complete).toBe(true);
    expect(scene.origin.connections.flatMap((c) => c.requests.map((q) => q.target))).toEqual(['/x']);
    expect(scene.origin.accepted()).toBe(1);
  });

  test('an HTTP/2 POST that upstream resets', async () => {
    const scene = await startScriptedH2(async (call) => {
      await call.body;
      call.reset('internal');
    });
    const { session } = await openH2(scene);
    const stream = session.request({ ':method': 'POST', ':path': '/x', ':scheme': 'https', ':authority': HOST });
    stream.on('error', () => {});
    stream.end('body');
    const [head] = await once(stream, 'response');
    expect(head[':status']).toBe(502);
    expect(scene.origin.calls).toHaveLength(1);
  });
});

describe('half an upload', () => {
  const uploads = {
    'by length': [['Content-Length', '1000'], Buffer.alloc(999, '~')],
    'in chunks': [['Transfer-Encoding', 'chunked'], chunk(Buffer.alloc(999, '~'))],
    'in a chunk': [['Transfer-Encoding', 'chunked'], Buffer.concat([Buffer.from('400\r\n'), Buffer.alloc(999, '~')])],
    'with broken chunks': [['Transfer-Encoding', 'chunked'], Buffer.from('3\r\nabc\r\nzz\r\n0\r\n\r\n')],
  } as const;
  const leaves = {
    FIN: (c: Client) => c.destroy(),
    'close_notify and FIN': (c: Client) => c.end(),
    RST: (c: Client) => c.reset(),
  } as const;
  const table = (Object.keys(uploads) as (keyof typeof uploads)[]).flatMap((how) =>
    (Object.keys(leaves) as (keyof typeof leaves)[]).flatMap((leave) =>
      ['image/png', 'application/json'].map((type) => [how, leave, type] as const),
    ),
  );

  test.each(table)('%s, ended by %s (%s), never completes', async (how, leave, type) => {
    const [framing, bytes] = uploads[how];
    const scene = await startScripted(() => {});
    const client = await scene.connect();
    await client.write(Buffer.concat([headBytes('POST /half HTTP/1.1', ['Host', HOST, 'Content-Type', type, ...framing]), bytes]));
    const upstream = await scene.origin.connection(1);
    const received = () => upstream.reader.received().toString('latin1');
    if (type === 'image/png' && how !== 'with broken chunks') await until(() => received().includes('~~~'), 'most of it arrived');
    leaves[leave](client);
    await scene.daemon.record();
    await soon(upstream.reader.ended, 'upstream is cut');
    if (type === 'application/json') expect(received()).toBe('');
    expect(received()).not.toContain('\r\n0\r\n');
    expect(upstream.reader.totalBytes).toBeLessThan(1000 + 200);
    expect(received().match(/~/g)?.length ?? 0).toBeLessThan(1000);
    expect(scene.origin.accepted()).toBe(1);
  });

  test('over HTTP/2 never completes', async () => {
    const scene = await startScriptedH2(() => {});
    const { session, client } = await openH2(scene);
    const stream = session.request({
      ':method': 'POST',
      ':path': '/half',
      ':scheme': 'https',
      ':authority': HOST,
      'content-type': 'image/png',
    });
    stream.on('error', () => {});
    stream.write('half');
    await until(() => scene.origin.calls.length === 1, 'upstream got it');
    client.reset();
    expect(await soon(scene.origin.calls[0]!.over, 'upstream is cut')).not.toBe(0);
    expect(scene.origin.calls[0]!.stream.readableEnded && scene.origin.calls[0]!.stream.rstCode === 0).toBe(false);
  });
});

test('pipelined requests are answered in order, each once', async () => {
  const scene = await startScripted(async (c) => {
    for (let q = await c.request(); q; q = await c.request()) await c.write(replyBytes('200 OK', [], q.target));
  });
  const client = await scene.connect();
  const targets = Array.from({ length: 20 }, (_, i) => `/${i}`);
  await client.write(
    Buffer.concat(targets.map((t, i) => requestBytes(`${i % 2 ? 'POST' : 'GET'} ${t}`, ['Host', HOST], i % 2 ? 'body' : ''))),
  );
  const got: string[] = [];
  for (const _ of targets) got.push((await client.reply()).body.toString());
  expect(got).toEqual(targets);
  expect(scene.origin.connections.flatMap((c) => c.requests.map((q) => q.target))).toEqual(targets);
});
