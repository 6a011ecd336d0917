// An upstream that shows the key it was sent does not show it to the client: fields, bodies and streams, packed or not.
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { openWebSocket } from '../support/client.ts';
import { leaksOf } from '../support/secret-forms.ts';
import { startWorld } from '../support/world.ts';

const REAL = ['sk', 'real', '0123456789+/x'].join('-');
const TEMPLATE = ['$', '{env:MY_KEY}'].join('');
const HOST = 'api.anthropic.com';
const inject = [{ host: HOST, header: 'x-api-key', value: TEMPLATE, replaces: 'dummy-key' }];
const SECRETS = { settings: { inject }, secrets: { [TEMPLATE]: REAL } };
const FORMS = `${REAL} ${encodeURIComponent(REAL)} ${Buffer.from(REAL).toString('hex')} ${Buffer.from(REAL).toString('base64')}`;

test.each([
  ['application/json', JSON.stringify({ error: { message: `bad key ${FORMS}` } })],
  ['text/event-stream', `event: error\ndata: ${JSON.stringify({ type: 'error', error: { message: FORMS } })}\n\n`],
  ['text/plain', `no: ${FORMS}`],
])('as %s', async (type, body) => {
  for (const coding of ['identity', 'gzip'])
    for (const chunked of [true, false]) {
      const bytes = coding === 'gzip' ? gzipSync(body) : Buffer.from(body);
      const head = `HTTP/1.1 401 Not ${REAL}\r\nContent-Type: ${type}\r\nX-Seen: a ${REAL}\r\n${coding === 'gzip' ? 'Content-Encoding: gzip\r\n' : ''}`;
      const framed = chunked
        ? Buffer.concat([
            Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\n`),
            ...Array.from({ length: Math.ceil(bytes.length / 7) }, (_, i) => bytes.subarray(i * 7, i * 7 + 7)).map((piece) =>
              Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]),
            ),
            Buffer.from('0\r\n\r\n'),
          ])
        : Buffer.concat([Buffer.from(`${head}Content-Length: ${bytes.length}\r\n\r\n`), bytes]);
      const world = await startWorld({
        daemon: SECRETS,
        provider: {
          override: (_request, _reply, stream) => {
            stream.write(framed);
            return true;
          },
        },
      });
      const reply = await world.post(HOST, '/v1/messages', { messages: [] }, ['X-Api-Key', 'dummy-key', 'Accept-Encoding', 'gzip']);
      expect(reply.status).toBe(401);
      expect(world.provider.capture.requests[0]!.headers).toContain(REAL);
      expect(leaksOf(REAL, `${reply.text} ${reply.headers.join(' ')} ${reply.reason}`)).toEqual([]);
      expect(reply.text).toContain('dummy-key');
      expect(reply.headers).toContain('a dummy-key');
    }
});

test('a request that nothing was put into gets what upstream sent', async () => {
  const world = await startWorld({
    daemon: SECRETS,
    provider: {
      override: (_request, reply) => {
        void reply.json(200, { echo: REAL });
        return true;
      },
    },
  });
  const reply = await world.post(HOST, '/v1/messages', { messages: [] });
  expect(reply.json).toEqual({ echo: REAL });
});

test('in WebSocket messages', async () => {
  const rules = [{ host: 'api.openai.com', header: 'x-extra-key', value: TEMPLATE, replaces: 'dummy-key' }];
  const world = await startWorld({ daemon: { settings: { inject: rules }, secrets: { [TEMPLATE]: REAL } } });
  const client = await world.connect('api.openai.com');
  const { peer } = await openWebSocket(client, '/v1/responses', { host: 'api.openai.com', headers: ['X-Extra-Key', 'dummy-key'] });
  // The provider repeats what it is told, and nobody has told the proxy that this is the key.
  const say = { type: 'message', role: 'user', content: [{ type: 'input_text', text: `it is ${REAL}` }] };
  await peer.send(JSON.stringify({ type: 'response.create', input: [say] }));
  for (let text = ''; !text.includes('"response.completed"'); ) {
    const event = await peer.next();
    if (event.kind !== 'text') throw new Error(`unexpected ${event.kind}`);
    text = event.text;
    if (text.includes('output_text.done') || text.includes('"response.completed"')) expect(text).toContain('it is dummy-key');
    expect(leaksOf(REAL, text)).toEqual([]);
  }
});
