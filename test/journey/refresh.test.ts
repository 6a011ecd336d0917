// Parallel sessions of one CLI refresh their login at the same time, and a provider takes each refresh token once: the second would log
// the user out. They share one refresh, byte for byte.
import { expect, test } from 'vitest';
import { callH2 } from '../support/h2-client.ts';
import { replyBytes, type WireRequest } from '../support/http1.ts';
import { openH2, type Scripted, startScripted, startScriptedH2, until } from '../support/scripted.ts';

const HOST = 'platform.claude.com';
const PATH = '/v1/oauth/token';
const TYPE = ['Content-Type', 'application/json'];
const refresh = (token = 'rt-1') => JSON.stringify({ grant_type: 'refresh_token', refresh_token: token, client_id: 'cli' });

/** Knows each refresh token once, and answers when it may. */
function tokenDesk() {
  const asked: string[] = [];
  const gate = Promise.withResolvers<void>();
  return {
    asked,
    open: () => gate.resolve(),
    answer: async (body: string) => {
      const { refresh_token: token } = JSON.parse(body) as { refresh_token: string };
      const isNew = !asked.includes(token);
      asked.push(token);
      await gate.promise;
      return isNew ? ([200, { access_token: `new-${token}` }] as const) : ([400, { error: 'invalid_grant' }] as const);
    },
  };
}

async function h1World(more?: (request: WireRequest) => Promise<Buffer | 'cut' | undefined>) {
  const desk = tokenDesk();
  const scene = await startScripted(async (c) => {
    for (let request = await c.request(); request; request = await c.request()) {
      const own = await more?.(request);
      if (own === 'cut') return c.reset();
      const [status, json] = own ? [] : await desk.answer(request.body.toString());
      await c.write(own ?? replyBytes(`${status} Said`, TYPE, JSON.stringify(json)));
    }
  });
  const post = async (body = refresh(), host = HOST) => {
    const client = await scene.connect({ host });
    return client.request(`POST ${PATH}`, ['Host', host, ...TYPE], body);
  };
  return { scene, desk, post };
}

const totals = (scene: Pick<Scripted, 'daemon'>) => scene.daemon.proxy.status().totals;
const running = (scene: Pick<Scripted, 'daemon'>) => scene.daemon.proxy.status().exchanges;

test('ten at a time over HTTP/1: one reaches the provider, and all get its token', async () => {
  const { scene, desk, post } = await h1World();
  const replies = Array.from({ length: 10 }, () => post());
  await until(() => running(scene) === 10 && desk.asked.length > 0, 'ten exchanges');
  desk.open();
  for (const reply of await Promise.all(replies)) {
    expect([reply.status, reply.reason, reply.body.toString()]).toEqual([200, 'Said', '{"access_token":"new-rt-1"}']);
  }
  expect((await post()).body.toString()).toBe('{"access_token":"new-rt-1"}');
  expect(desk.asked).toEqual(['rt-1']);
  expect(totals(scene)['refresh:joined']).toBe(10);
  expect(JSON.stringify([scene.daemon.log, scene.daemon.records])).not.toContain('rt-1');
});

test('the request that leads leaves with its own bytes, and a connection that shared an answer goes on', async () => {
  const { scene, desk } = await h1World();
  desk.open();
  const client = await scene.connect({ host: HOST });
  const body = ` ${refresh()}\n`;
  const fields = ['hOst', HOST, 'content-TYPE', 'application/json', 'X-Z', '1'];
  expect((await client.request(`POST ${PATH}`, fields, body)).status).toBe(200);
  expect((await client.request(`POST ${PATH}`, fields, body)).status).toBe(200);
  expect((await client.request(`POST ${PATH}`, fields, refresh('rt-2'))).body.toString()).toBe('{"access_token":"new-rt-2"}');
  expect(desk.asked).toEqual(['rt-1', 'rt-2']);
  const sent = scene.origin.connections[0]!.reader.received().toString();
  expect(sent.startsWith(`POST ${PATH} HTTP/1.1\r\nhOst: ${HOST}\r\ncontent-TYPE: application/json\r\nX-Z: 1\r\n`)).toBe(true);
  expect(sent).toContain(`\r\n\r\n${body}POST`);
});

test('ten at a time over HTTP/2', async () => {
  const desk = tokenDesk();
  const scene = await startScriptedH2(async (call) => {
    const [status, json] = await desk.answer((await call.body).toString());
    call.stream.respond({ ':status': status, 'content-type': 'application/json' });
    call.stream.end(JSON.stringify(json));
  });
  const client = { ':method': 'POST', ':scheme': 'https', ':authority': HOST, ':path': PATH, 'content-type': 'application/json' };
  const { session } = await openH2({ ...scene, connect: (o) => scene.connect({ ...o, host: HOST }) });
  const replies = Array.from({ length: 10 }, () => callH2(session, client, refresh()));
  await until(() => running(scene) === 10 && desk.asked.length > 0, 'ten exchanges');
  desk.open();
  for (const reply of await Promise.all(replies)) {
    expect([reply.status, reply.cut, reply.body.toString()]).toEqual([200, undefined, '{"access_token":"new-rt-1"}']);
  }
  expect(desk.asked).toEqual(['rt-1']);
});

test('the first stream of HTTP/2 is reset: the others still get its answer', async () => {
  const desk = tokenDesk();
  const scene = await startScriptedH2(async (call) => {
    const body = (await call.body).toString();
    const [status, json] = body === '' ? [404, {}] : await desk.answer(body);
    call.stream.respond({ ':status': status });
    call.stream.end(JSON.stringify(json));
  });
  const client = { ':method': 'POST', ':scheme': 'https', ':authority': HOST, ':path': PATH, 'content-type': 'application/json' };
  const { session } = await openH2({ ...scene, connect: (o) => scene.connect({ ...o, host: HOST }) });
  const first = session.request(client);
  first.on('error', () => undefined);
  first.end(refresh());
  await until(() => desk.asked.length === 1, 'the first');
  const second = callH2(session, client, refresh());
  await until(() => running(scene) === 2, 'the second');
  first.close(8);
  // A later call on the same session has its answer: the reset has arrived.
  expect((await callH2(session, { ...client, ':method': 'GET' })).status).toBe(404);
  desk.open();
  expect((await second).body.toString()).toBe('{"access_token":"new-rt-1"}');
  expect(desk.asked).toEqual(['rt-1']);
});

test('other tokens and other hosts share nothing', async () => {
  const { desk, post } = await h1World();
  desk.open();
  expect((await post()).body.toString()).toContain('new-rt-1');
  expect((await post(refresh('rt-2'))).body.toString()).toContain('new-rt-2');
  expect((await post(refresh(), 'console.anthropic.com')).status).toBe(400);
  expect(desk.asked).toEqual(['rt-1', 'rt-2', 'rt-1']);
});

test('what is no refresh is never shared', async () => {
  const { scene, desk, post } = await h1World();
  desk.open();
  const code = JSON.stringify({ grant_type: 'authorization_code', code: 'c', refresh_token: 'rt-1' });
  await post(code);
  expect((await post(code)).status).toBe(400);
  const large = JSON.stringify({ ...JSON.parse(refresh('rt-2')), pad: 'x'.repeat(70_000) });
  await post(large);
  expect((await post(large)).status).toBe(400);
  expect(totals(scene)['refresh:joined']).toBeUndefined();
});

test('the first client leaves in the middle: its refresh goes on for the one that waits', async () => {
  const { scene, desk, post } = await h1World();
  const first = await scene.connect({ host: HOST });
  await first.write(
    `POST ${PATH} HTTP/1.1\r\nHost: ${HOST}\r\nContent-Type: application/json\r\nContent-Length: ${refresh().length}\r\n\r\n`,
  );
  await first.write(refresh());
  await until(() => desk.asked.length === 1, 'the first');
  const second = post();
  await until(() => running(scene) === 2, 'the second');
  first.reset();
  await until(() => scene.daemon.proxy.status().connections === 1, 'its end');
  desk.open();
  expect((await second).body.toString()).toBe('{"access_token":"new-rt-1"}');
  expect(desk.asked).toEqual(['rt-1']);
  expect((await scene.daemon.record((r) => r.fault === 'client-gone')).host).toBe(HOST);
});

test.each(['cut', replyBytes('503 Busy'), replyBytes('429 Slow')])(
  'a failure is nobody else’s: the next one asks itself (%#)',
  async (failure) => {
    const gate = Promise.withResolvers<void>();
    let asked = 0;
    const { scene, desk, post } = await h1World(async () => {
      if (++asked > 1) return undefined;
      await gate.promise;
      return failure as Buffer | 'cut';
    });
    desk.open();
    const replies = Array.from({ length: 3 }, () => post());
    await until(() => running(scene) === 3 && asked === 1, 'three exchanges');
    gate.resolve();
    const statuses = (await Promise.all(replies)).map((reply) => reply.status).sort();
    expect(statuses.slice(0, 2)).toEqual([200, 200]);
    expect(statuses[2]).toBeGreaterThan(400);
    expect(desk.asked).toEqual(['rt-1']);
  },
);
