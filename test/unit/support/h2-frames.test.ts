import { afterEach, expect, test } from 'vitest';
import { makeTestAuthority } from '../../support/certificates.ts';
import { connectTlsDirect } from '../../support/client.ts';
import { FLAG, FRAME, H2FrameParser, h2Frame, headersFrame, openingBytes } from '../../support/h2-frames.ts';
import { type H2Origin, startH2Origin } from '../../support/h2-origin.ts';

let origin: H2Origin;
afterEach(() => origin.close());

async function open() {
  const authority = makeTestAuthority();
  origin = await startH2Origin({ authority, play: (call) => call.stream.respond({ ':status': 204 }, { endStream: true }) });
  const c = await connectTlsDirect(origin, 'h2.test', { ca: authority.pem, alpn: ['h2'] });
  const parser = new H2FrameParser();
  const until = async (type: number) => {
    for (;;) {
      const bytes = await c.reader.some();
      if (bytes.length === 0) throw new Error('the connection ended');
      const found = parser.feed(bytes).find((f) => f.type === type);
      if (found) return found;
    }
  };
  return { c, until };
}

const HEAD = [':method', 'GET', ':scheme', 'https', ':authority', 'h2.test', ':path', `/${'x'.repeat(300)}`];

test('hand-made frames are a request like any other', async () => {
  const { c, until } = await open();
  await c.write(Buffer.concat([openingBytes([[4, 70_000]]), headersFrame(1, [...HEAD, 'x-b', '1', 'x-a', '2'], true)]));
  const reply = await until(FRAME.headers);
  expect(reply.flags & FLAG.endStream).toBe(1);
  expect(origin.calls[0]!.headers).toEqual([...HEAD, 'x-b', '1', 'x-a', '2']);
  expect(origin.sessions[0]!.settings()?.initialWindowSize).toBe(70_000);
  c.destroy();
});

test('and break the rules when told to', async () => {
  const { c, until } = await open();
  await c.write(Buffer.concat([openingBytes(), headersFrame(1, [...HEAD, 'x', 'a\r\nb: c'], true)]));
  await until(FRAME.headers);
  expect(origin.calls[0]!.headers).toEqual(HEAD);
  await c.write(h2Frame(FRAME.ping, 0, 0, Buffer.alloc(3)));
  expect((await until(FRAME.goaway)).payload.readUInt32BE(4)).toBe(6);
  c.destroy();
});
