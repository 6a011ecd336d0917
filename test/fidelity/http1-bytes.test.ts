// Bytes in, bytes out, over HTTP/1.1: whatever head and body a client or an upstream writes, in whatever spelling, the other side
// reads the same bytes. Only values that no detector knows are written.
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { makeTestAuthority } from '../support/certificates.ts';
import { connectTlsTunnel } from '../support/client.ts';
import { startTestDaemon } from '../support/daemon.ts';
import { chunk, headBytes, type WireRequest } from '../support/http1.ts';
import { startOrigin } from '../support/origin.ts';

const HOST = 'api.anthropic.com';
const RUNS = 60;

/** Field names with no meaning to anyone, in any case, and values of visible characters, blanks and bytes above ASCII. */
const fields = fc.array(
  fc.tuple(
    fc.stringMatching(/^[Xx]-[A-Za-z0-9!#$%&'*+.^_`|~-]{1,20}$/).filter((name) => !/^x-(sallyport|api-key|forwarded)/i.test(name)),
    fc.stringMatching(/^([!-~\xa1-\xff]([ -?A-~\xa1-\xff]{0,40}[!-?A-~\xa1-\xff])?)?$/).filter((value) => !value.includes('@')),
  ),
  { maxLength: 12 },
);

/** Chunks of a JSON text in odd spellings: blanks, escapes, exponents, doubled members. */
const body = fc
  .tuple(
    fc.constantFrom('', ' ', '\n\t'),
    fc.array(fc.constantFrom('"a"', '"\\u0061\\/"', '1e0', '-0.0', '{ }', '{"k":1,"k":2}', '[ 1 ,2]', 'null', '"é😀"'), { maxLength: 8 }),
  )
  .map(([blank, items]) => `${blank}{"model":"m",${blank}"x" :[${items.join(`${blank},`)}]}${blank}`);

const cuts = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 4 });

/** The body as chunks of the given sizes, in turn. */
function chunked(bytes: Buffer, sizes: readonly number[]): Buffer {
  const out: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!;
    out.push(chunk(bytes.subarray(at, at + size)));
    at += size;
  }
  return Buffer.concat([...out, chunk('')]);
}

async function connectThrough(answer: (request: WireRequest) => Buffer) {
  const authority = makeTestAuthority();
  const seen: WireRequest[] = [];
  const origin = await startOrigin({
    authority,
    alpn: ['http/1.1'],
    play: async (connection) => {
      for (let request = await connection.request(); request; request = await connection.request()) {
        seen.push(request);
        await connection.write(answer(request));
      }
    },
  });
  onTestFinished(() => origin.close());
  const daemon = await startTestDaemon({ upstream: origin, upstreamCa: authority.pem });
  onTestFinished(() => daemon.close());
  const client = await connectTlsTunnel(daemon, `${HOST}:443`, { ca: daemon.ca, alpn: ['http/1.1'] });
  onTestFinished(() => client.destroy());
  return { client, seen, daemon };
}

const OK = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');

test('a request arrives as it was written', async () => {
  const { client, seen, daemon } = await connectThrough(() => OK);
  await fc.assert(
    fc.asyncProperty(fields, fields, body, fc.option(cuts, { nil: undefined }), async (before, after, text, sizes) => {
      const bytes = Buffer.from(text);
      const framing = sizes ? ['transfer-ENCODING', 'chunked'] : ['content-LENGTH', String(bytes.length)];
      const head = headBytes('POST /v1/messages?beta=%74rue HTTP/1.1', [
        ...before.flat(),
        'hOST',
        HOST,
        'Content-Type',
        'application/json',
        ...framing,
        ...after.flat(),
      ]);
      await client.write(Buffer.concat([head, sizes ? chunked(bytes, sizes) : bytes]));
      expect((await client.reply()).status).toBe(200);
      const request = seen.at(-1)!;
      expect(request.head.toString('latin1')).toBe(head.toString('latin1'));
      expect(request.body.toString()).toBe(text);
    }),
    { numRuns: RUNS },
  );
  expect(daemon.records.every((record) => record.verdict === 'pass')).toBe(true);
});

test('a reply arrives as it was written', async () => {
  let next = OK;
  const { client } = await connectThrough(() => next);
  await fc.assert(
    fc.asyncProperty(
      fields,
      fields,
      body,
      fc.option(cuts, { nil: undefined }),
      fc.constantFrom('200 OK', '201 ', '299 Rather Good, Thanks', '404 nicht da', '529 Overloaded'),
      async (before, after, text, sizes, status) => {
        const bytes = Buffer.from(text);
        const framing = sizes ? ['TRANSFER-encoding', 'chunked'] : ['CONTENT-length', String(bytes.length)];
        const head = headBytes(`HTTP/1.1 ${status}`, [...before.flat(), ...framing, 'Content-type', 'application/json', ...after.flat()]);
        next = Buffer.concat([head, sizes ? chunked(bytes, sizes) : bytes]);
        const reply = await client.request('GET /v1/models', ['Host', HOST]);
        expect(reply.head.toString('latin1')).toBe(head.toString('latin1'));
        expect(reply.body.toString()).toBe(text);
      },
    ),
    { numRuns: RUNS },
  );
});
