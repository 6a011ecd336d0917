// What no rule touched leaves with the bytes it came in: request heads, bodies, framing and trailers. Masking is on
// throughout.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { connectPlain } from '../support/client.ts';
import { CLEAR, fidelityStage, fields, HOST, head } from '../support/fidelity-stage.ts';
import { chunk, headBytes, readReplyHead } from '../support/http1.ts';
import { EMAIL } from '../support/samples.ts';

const stage = fidelityStage();

describe('requests', () => {
  test.each([
    ['case, order, duplicates, empty values', ['accEPT', '*/*', 'X-Dup', '1', 'hOST', HOST, 'x-dup', '2', 'X-Empty', '', 'X-dup', '3']],
    ['no blanks and many blanks', ['Host', HOST, 'X-A', '1', 'X-B', '2'], ['', ' ', '  ', '\t', ' \t ']],
    ['letters beyond ASCII', ['Host', HOST, 'X-Name', 'f\xfcr \xe9\xff']],
    [
      'what a browser sends',
      ['Host', HOST, 'sec-ch-ua', '"A";v="1", "B";v="2"', 'Accept-Encoding', 'gzip, deflate, br, zstd', 'Cookie', 'a=b; c=d'],
    ],
    ['keep-alive said aloud', ['Host', HOST, 'Connection', 'keep-alive']],
    [
      'a traceparent and a long token',
      [
        'Host',
        HOST,
        'traceparent',
        '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        'Authorization',
        `Bearer ${'t'.repeat(900)}`,
      ],
    ],
  ])('%s', async (_name, pairs, blank = [' ']) => {
    const bytes = head('GET /v1/x?a=%41&b=%2F&&c HTTP/1.1', pairs, blank);
    expect((await stage.up(bytes)).toString('latin1')).toBe(bytes.toString('latin1'));
  });

  test.each(['/', '//x', '/a/../b', '/%2e%2E/', '/a;b=c?d=e?f', `/${'l'.repeat(4000)}`, '/?', '/a|b', '/\'"<>'])(
    'the target %s',
    async (target) => {
      const bytes = head(`GET ${target} HTTP/1.1`, ['Host', HOST]);
      expect((await stage.up(bytes)).toString()).toBe(bytes.toString());
    },
  );

  test.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'M-SEARCH', 'get'])(
    'the method %s',
    async (method) => {
      const bytes = head(`${method} /v1/x HTTP/1.1`, ['Host', HOST]);
      stage.answer = headBytes('HTTP/1.1 200 OK', ['Content-Length', '0']);
      const client = await stage.connect();
      await client.write(bytes);
      await readReplyHead(client.reader);
      expect(stage.got.toString()).toBe(bytes.toString());
      client.destroy();
    },
  );

  test('any head', async () => {
    await fc.assert(
      fc.asyncProperty(fields, fields, async (before, after) => {
        const bytes = head('GET /v1/x HTTP/1.1', [...before, 'Host', HOST, ...after]);
        expect((await stage.up(bytes)).toString('latin1')).toBe(bytes.toString('latin1'));
      }),
      { numRuns: 40 },
    );
  });

  const JSON_BODY = '{ "input" : "caf\u00e9 \\u00e9 \\/ 1.0e3", "a":[ ],"a":{} }\n';
  const types = { json: 'application/json', picture: 'image/png', none: undefined, form: 'application/x-www-form-urlencoded' } as const;
  const chunkings: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
    'in one chunk': (b) => Buffer.concat([chunk(b), chunk('')]),
    'in chunks of seven': (b) =>
      Buffer.concat([...Array.from({ length: Math.ceil(b.length / 7) }, (_, i) => chunk(b.subarray(7 * i, 7 * i + 7))), chunk('')]),
    'with extensions, capitals and zeros': (b) =>
      Buffer.concat([Buffer.from(`00${b.length.toString(16).toUpperCase()};a=b;c="d"\r\n`), b, Buffer.from('\r\n000;last\r\n\r\n')]),
    'with trailers': (b) => Buffer.concat([chunk(b), Buffer.from('0\r\nX-Sum: 1\r\nx-sum: 2\r\n\r\n')]),
  };
  const bodies = { text: Buffer.from(JSON_BODY), bytes: Buffer.from(Array.from({ length: 600 }, (_, i) => (i * 7) & 255)) };

  test.each(
    (Object.keys(types) as (keyof typeof types)[]).flatMap((type) =>
      (Object.keys(bodies) as (keyof typeof bodies)[]).flatMap((body) =>
        ['by length', ...Object.keys(chunkings)].map((how) => [type, body, how] as const),
      ),
    ),
  )('a body of type %s, %s, %s', async (type, body, how) => {
    // JSON that is no JSON is text like any other.
    const plain = bodies[body];
    const framing = how === 'by length' ? ['CONTENT-length', `${plain.length}`] : ['Transfer-Encoding', 'chunked'];
    const wire = how === 'by length' ? plain : chunkings[how]!(plain);
    const bytes = Buffer.concat([
      head('POST /v1/x HTTP/1.1', ['Host', HOST, ...(types[type] ? ['Content-Type', types[type]] : []), ...framing]),
      wire,
    ]);
    expect((await stage.up(bytes)).toString('latin1')).toBe(bytes.toString('latin1'));
  });

  test('trailers stay behind a body that was masked', async () => {
    const body = Buffer.from(JSON.stringify({ input: EMAIL }));
    const wire = Buffer.concat([chunk(body), Buffer.from('0\r\nX-Sum: 1\r\nx-sum: 2\r\n\r\n')]);
    const fields = ['Host', HOST, 'Content-Type', 'application/json', 'Transfer-Encoding', 'chunked'];
    const got = (await stage.up(Buffer.concat([head('POST /v1/responses HTTP/1.1', fields), wire]))).toString();
    expect(got).not.toContain(EMAIL);
    expect(got).toMatch(/\r\n0\r\nX-Sum: 1\r\nx-sum: 2\r\n\r\n$/);
  });

  test('an absolute form in clear: only target and Host are made to agree', async () => {
    stage.answer = headBytes('HTTP/1.1 200 OK', ['Content-Length', '0']);
    const client = await connectPlain(stage.daemon);
    await client.write(head(`GET http://${CLEAR}/a?b HTTP/1.1`, ['x-a', '1', 'hOsT', CLEAR, 'X-A', '2', 'Accept', '*/*']));
    expect((await client.reply()).status).toBe(200);
    expect(stage.got.toString()).toBe(`GET /a?b HTTP/1.1\r\nx-a: 1\r\nhOsT: ${CLEAR}\r\nX-A: 2\r\nAccept: */*\r\n\r\n`);
    client.destroy();
  });

  test('only what belongs to our hop goes missing, and nothing is added', async () => {
    const bytes = head('GET /v1/x HTTP/1.1', [
      ...['X-A', '1', 'Proxy-Authorization', 'Basic eDp5', 'Host', HOST, 'Proxy-Connection', 'keep-alive', 'X-Hop', 'x'],
      ...['Connection', 'keep-alive, X-Hop', 'Keep-Alive', 'timeout=5', 'TE', 'trailers', 'X-Sallyport-Off', '1', 'X-B', '2'],
    ]);
    expect((await stage.up(bytes)).toString()).toBe(
      `GET /v1/x HTTP/1.1\r\nX-A: 1\r\nHost: ${HOST}\r\nConnection: keep-alive\r\nX-B: 2\r\n\r\n`,
    );
  });
});
