// HTTP/2 inside a tunnel: multiplexed, same order of fields, same SETTINGS, cuts mapped both ways.

import { constants } from 'node:http2';
import { expect, onTestFinished, test } from 'vitest';
import { makeTestAuthority } from '../support/certificates.ts';
import { connectTlsTunnel } from '../support/client.ts';
import { startTestDaemon } from '../support/daemon.ts';
import { callH2, startH2 } from '../support/h2-client.ts';
import { startH2Origin } from '../support/h2-origin.ts';
import { readResponsesEvents } from '../support/provider/responses.ts';
import { EMAIL } from '../support/samples.ts';
import { leaksOf } from '../support/secret-forms.ts';
import { parseEvents } from '../support/sse.ts';
import { startWorld } from '../support/world.ts';

const H2 = { alpn: ['h2', 'http/1.1'] };
const SETTINGS = { enablePush: false, initialWindowSize: 2_097_152, maxFrameSize: 16_384, maxHeaderListSize: 16_384 };

function head(path: string, more: Record<string, string> = {}) {
  return {
    ':method': 'POST',
    ':scheme': 'https',
    ':authority': 'api.openai.com',
    ':path': path,
    'content-type': 'application/json',
    ...more,
  };
}

test('streams in parallel are masked, restored and never mixed', async () => {
  const world = await startWorld();
  const c = await world.connect('api.openai.com', H2);
  const session = await startH2(c, { settings: SETTINGS });
  const replies = await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      callH2(session, head('/v1/responses', { 'x-2': `${i}`, 'x-1': 'a' }), JSON.stringify({ stream: true, input: `${i} for ${EMAIL}` })),
    ),
  );
  for (const [i, reply] of replies.entries()) {
    expect(reply.status).toBe(200);
    expect(readResponsesEvents(parseEvents(reply.body.toString()).map((e) => e.json))['response.completed']).toBe(
      `ECHO<${i} for ${EMAIL}> END`,
    );
  }
  const { connections, requests } = world.provider.capture;
  expect(connections).toHaveLength(1);
  expect(connections[0]!.h2Settings).toMatchObject(SETTINGS);
  expect(leaksOf(EMAIL, world.provider.capture.everything())).toEqual([]);
  const names = requests[0]!.headers.filter((_, i) => i % 2 === 0);
  expect(names.slice(0, 7)).toEqual([':method', ':scheme', ':authority', ':path', 'content-type', 'x-2', 'x-1']);
});

test('the client is offered what upstream speaks', async () => {
  const world = await startWorld({ provider: { alpn: ['http/1.1'] } });
  const c = await world.connect('api.openai.com', H2);
  expect(c.tls?.alpnProtocol).toBe('http/1.1');
  const none = await world.connect('api.openai.com', { alpn: undefined as never });
  expect(none.tls?.alpnProtocol).toBe(false);
});

async function h2World(play: Parameters<typeof startH2Origin>[0]['play']) {
  const authority = makeTestAuthority();
  const origin = await startH2Origin({ authority, play });
  const daemon = await startTestDaemon({ upstream: origin, upstreamCa: authority.pem });
  onTestFinished(() => origin.close());
  onTestFinished(() => daemon.close());
  const c = await connectTlsTunnel(daemon, 'api.openai.com:443', { ca: daemon.ca, ...H2 });
  onTestFinished(() => c.destroy());
  return { origin, daemon, session: await startH2(c) };
}

test('a stream that upstream resets is reset for the client', async () => {
  const { session } = await h2World((call) => {
    call.stream.respond({ ':status': 200, 'content-type': 'text/event-stream' });
    call.stream.write('data: 1\n\n', () => call.reset('internal'));
  });
  const reply = await callH2(session, head('/v1/responses'), '{}');
  expect(reply.status).toBe(200);
  expect(reply.cut).toBe(constants.NGHTTP2_INTERNAL_ERROR);
});

test('a stream that the client resets is reset upstream', async () => {
  const { session, origin } = await h2World((call) => {
    call.stream.respond({ ':status': 200, 'content-type': 'text/event-stream' });
    call.stream.write('data: 1\n\n');
  });
  const stream = session.request(head('/v1/responses'));
  stream.on('error', () => {});
  stream.end('{}');
  await new Promise((resolve) => stream.once('data', resolve));
  stream.close(constants.NGHTTP2_CANCEL);
  expect(await origin.calls[0]!.over).toBe(constants.NGHTTP2_CANCEL);
});

test('trailers pass both ways', async () => {
  const { session } = await h2World(async (call) => {
    call.stream.respond({ ':status': 200 }, { waitForTrailers: true });
    call.stream.on('wantTrailers', () => call.stream.sendTrailers({ 'x-sum': '1' }));
    call.stream.end(await call.body);
  });
  const reply = await callH2(session, head('/v1/other'), '{"a":1}');
  expect(reply.body.toString()).toBe('{"a":1}');
  expect(reply.trailers.slice(0, 2)).toEqual(['x-sum', '1']);
});
