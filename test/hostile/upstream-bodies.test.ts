// Checklist B22, B23, G80: a reply ends where its head says. What stands behind it reaches nobody, and what breaks off never looks whole,
// with and without values to be restored in it.
import { describe, expect, test } from 'vitest';
import { DOORS, type Door, hostileStage, type Stage, VICTIM } from '../support/hostile-stage.ts';
import { chunk } from '../support/http1.ts';
import type { OriginConnection } from '../support/origin.ts';

type Script = (c: OriginConnection) => Promise<unknown>;
let script: Script = async () => undefined;

const EVIL = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL';
const OK = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${OK}Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n`;

const answer = async (c: OriginConnection, q: { readonly target: string }) => {
  if (q.target !== '/case') return false;
  await script(c);
  return true;
};

/** After this a reply may hold a placeholder, so bodies are read and rewritten. */
async function maskSomething(stage: Stage): Promise<void> {
  const c = await stage.open('tunnel');
  const reply = await c.request('POST /mask', ['Host', VICTIM, 'Content-Type', 'application/json'], '{"text":"ann@mail.example.org"}');
  c.destroy();
  expect(reply.body.toString()).toContain('ann@mail.example.org');
  expect((await stage.secure.connection(1)).reader.received().toString()).not.toContain('ann@');
}

const BEHIND: readonly (readonly [name: string, method: string, bytes: string])[] = [
  ['a 204', 'GET', 'HTTP/1.1 204 No Content\r\n\r\n'],
  ['a 204 with a length', 'GET', 'HTTP/1.1 204 No Content\r\nContent-Length: 47\r\n\r\n'],
  ['a 204 in chunks', 'GET', 'HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n'],
  ['a 304', 'GET', 'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n'],
  ['a 304 with a length', 'GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 47\r\n\r\n'],
  ['the answer to a HEAD', 'HEAD', `${OK}Content-Length: 47\r\n\r\n`],
  ['the answer to a HEAD in chunks', 'HEAD', `${OK}Transfer-Encoding: chunked\r\n\r\n`],
  ['the answer to a HEAD of unknown length', 'HEAD', `${OK}X: y\r\n\r\n`],
  ['an empty reply', 'GET', `${OK}Content-Length: 0\r\n\r\n`],
  ['a whole reply', 'GET', `${OK}Content-Type: text/plain\r\nContent-Length: 2\r\n\r\nok`],
  ['whole JSON', 'GET', `${OK}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`],
  ['a chunked reply', 'GET', `${CHUNKED}2\r\nok\r\n0\r\n\r\n`],
  ['a chunked reply with trailers', 'GET', `${CHUNKED}2\r\nok\r\n0\r\nX: y\r\n\r\n`],
  ['an event stream', 'GET', `${OK}Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\na\r\ndata: ok\n\n\r\n0\r\n\r\n`],
  ['an error', 'GET', 'HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno'],
];

const BROKEN: readonly (readonly [string, string])[] = [
  ['letters for a size', 'zz\r\nEVIL\r\n0\r\n\r\n'],
  ['a sign', '+4\r\nEVIL\r\n0\r\n\r\n'],
  ['a minus', '-4\r\nEVIL\r\n0\r\n\r\n'],
  ['0x', '0x4\r\nEVIL\r\n0\r\n\r\n'],
  ['an underscore', '0_4\r\nEVIL\r\n0\r\n\r\n'],
  ['a blank before the size', ' 4\r\nEVIL\r\n0\r\n\r\n'],
  ['a blank behind the size', '4 \r\nEVIL\r\n0\r\n\r\n'],
  ['no size', '\r\nEVIL\r\n0\r\n\r\n'],
  ['a size past 2^64', '10000000000000004\r\nEVIL\r\n0\r\n\r\n'],
  ['a size past 2^53', 'fffffffffffffff\r\nEVIL\r\n0\r\n\r\n'],
  ['LF behind the size', '4\nEVIL\r\n0\r\n\r\n'],
  ['LF behind the payload', '4\r\nEVIL\n0\r\n\r\n'],
  ['CR behind the size', '4\rEVIL\r\n0\r\n\r\n'],
  ['a payload too long', '4\r\nEVIL!\r\n0\r\n\r\n'],
  ['a payload too short', '4\r\nEVI\r\n0\r\n\r\n'],
  ['a NUL in an extension', '4;\0\r\nEVIL\r\n0\r\n\r\n'],
  ['an LF in an extension', '4;a\nEVIL\r\n0\r\n\r\n'],
  ['an endless extension', `4;${'a'.repeat(65_536)}\r\nEVIL\r\n0\r\n\r\n`],
  ['a reply for a chunk', EVIL],
  ['a trailer of framing', '0\r\nContent-Length: 4\r\n\r\n'],
  ['a trailer of cookies', '0\r\nSet-Cookie: EVIL=1\r\n\r\n'],
  ['a trailer that folds', '0\r\nX: a\r\n EVIL\r\n\r\n'],
  ['a trailer without colon', '0\r\nEVIL\r\n\r\n'],
  ['a trailer with a NUL', '0\r\nX: EV\0IL\r\n\r\n'],
  ['LF for an end', '0\r\n\n'],
];

describe.each([false, true])('restoring: %s', (restoring) => {
  const stage = hostileStage({ answer });
  test.runIf(restoring)('something is masked, so replies are read', () => maskSomething(stage));

  const bytesOf = async (door: Door, method: string) => {
    const client = await stage.open(door);
    await client.write(stage.fill(door, `${method} {T}/case HTTP/1.1\r\nHost: {H}\r\n\r\n`));
    return client;
  };

  describe.each(DOORS)('by the door «%s»', (door) => {
    test.each(BEHIND)('bytes behind %s reach nobody', async (_name, method, bytes) => {
      for (const apart of [false, true]) {
        script = async (c) => {
          await c.write(bytes + (apart ? '' : EVIL));
          if (apart) await c.write(EVIL);
        };
        const client = await bytesOf(door, method);
        try {
          const reply = await client.reply(method);
          expect(reply.complete).toBe(true);
          // The same client asks on: either this connection is closed, or it answers the question.
          const next = stage.fill(door, 'GET {T}/next HTTP/1.1\r\nHost: {H}\r\n\r\n');
          if (!apart) {
            await client.write(next);
            expect((await client.reply()).body.toString()).toBe('GET /next ');
          }
          expect(client.reader.received().toString('latin1')).not.toContain('EVIL');
        } finally {
          client.destroy();
        }
        await stage.others(door);
      }
    });

    test.each(BROKEN)('a chunked reply with %s never looks whole', async (_name, bad) => {
      for (const before of ['', chunk('sound').toString()]) {
        script = (c) => c.write(Buffer.from(CHUNKED + before + bad, 'latin1'));
        const client = await bytesOf(door, 'GET');
        try {
          const head = await client.openReply().catch(() => undefined);
          if (head?.status !== 502) {
            const body = (await head?.body.rest()) ?? Buffer.alloc(0);
            expect(head?.body.ending?.how).not.toBe('end');
            expect(body.toString('latin1')).not.toContain('EVIL');
          }
          expect((await client.over).how).not.toBe('closed-here');
          const all = client.reader.received().toString('latin1');
          expect(all).not.toMatch(/0\r\n\r\n$/);
          if (head?.status === 200) expect(await client.over).toMatchObject({ how: 'reset' });
        } finally {
          client.destroy();
        }
        await stage.others(door);
      }
    });

    test.each([
      ['a length that is not reached', `${OK}Content-Type: text/plain\r\nContent-Length: 100\r\n\r\nhalf`],
      ['chunks without the last', `${CHUNKED}4\r\nhalf\r\n`],
      ['half a chunk', `${CHUNKED}8\r\nhalf`],
      ['the last chunk without its end', `${CHUNKED}4\r\nhalf\r\n0\r\n`],
      ['half a trailer', `${CHUNKED}4\r\nhalf\r\n0\r\nX: y`],
      ['an event stream without an end', `${OK}Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\na\r\ndata: ok\n\n\r\n`],
    ])('cut off with a FIN or a reset: %s', async (_name, bytes) => {
      for (const how of ['end', 'fin', 'reset'] as const) {
        script = async (c) => {
          await c.write(bytes);
          c[how]();
        };
        const client = await bytesOf(door, 'GET');
        try {
          const reply = await client.reply().catch(() => undefined);
          if (reply?.status !== 502) {
            expect(reply?.complete ?? false).toBe(false);
            expect(await client.over).toMatchObject({ how: 'reset' });
          }
        } finally {
          client.destroy();
        }
        await stage.others(door);
      }
    });

    // Nothing says how long it is, and servers that close without close_notify are many: only a reset tells of a cut.
    test.each(['end', 'fin', 'reset'] as const)('a reply that ends with its connection: %s', async (how) => {
      script = async (c) => {
        await c.write(`${OK}Content-Type: text/plain\r\n\r\nall there is`);
        c[how]();
      };
      const client = await bytesOf(door, 'GET');
      const reply = await client.reply().catch(() => undefined);
      if (how === 'reset') expect(await client.over).toMatchObject({ how: 'reset' });
      else expect(reply).toMatchObject({ framing: 'close', complete: true, body: Buffer.from('all there is') });
      client.destroy();
    });
  });
});
