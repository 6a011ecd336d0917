// Checklist G81: a request that lives on after its client has gone is paid for. Whatever way the client goes, and whenever, upstream
// is cancelled. The bound that decides is two seconds; the goal is a tenth of one.
import { expect, test } from 'vitest';
import { type Client, openWebSocket } from '../support/client.ts';
import { headBytes, replyBytes } from '../support/http1.ts';
import type { OriginConnection } from '../support/origin.ts';
import { HOST, openH2, type Scripted, soon, startScripted, startScriptedH2 } from '../support/scripted.ts';
import { acceptValue } from '../support/websocket.ts';

const CANCEL_MS = 2000;
const ENDINGS = [
  ['FIN', (c: Client) => c.destroy()],
  ['close_notify and FIN', (c: Client) => c.end()],
  ['RST', (c: Client) => c.reset()],
] as const;
type Go = (typeof ENDINGS)[number][1];
const cases = <M extends string>(moments: readonly M[]): [string, M, Go][] =>
  ENDINGS.flatMap(([name, go]) => moments.map((moment): [string, M, Go] => [name, moment, go]));

async function expectCancelled(c: OriginConnection): Promise<void> {
  await soon(c.reader.ended, 'upstream was cancelled', CANCEL_MS);
}

async function expectGoneRecord({ daemon }: Pick<Scripted, 'daemon'>): Promise<void> {
  expect(await daemon.record()).toMatchObject({ fault: 'client-gone' });
}

const BODY = Buffer.alloc(400_000, 'x');
const STREAM_HEAD = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/event-stream\r\n\r\n';
const MOMENTS = {
  'before the reply': { upload: BODY.length, answer: '', marker: '' },
  'behind the reply head': { upload: BODY.length, answer: STREAM_HEAD, marker: '\r\n\r\n' },
  'in mid-stream': { upload: BODY.length, answer: `${STREAM_HEAD}7\r\ndata: 1\r\n`, marker: 'data: 1' },
  'in mid-upload': { upload: BODY.length / 2, answer: '', marker: '' },
} as const;
type Moment = keyof typeof MOMENTS;

/** Takes the client to the moment in question; gives the upstream connection. */
async function reach(scene: Scripted, client: Client, target: string, moment: Moment): Promise<OriginConnection> {
  const { upload, answer, marker } = MOMENTS[moment];
  await client.write(headBytes(`POST ${target} HTTP/1.1`, ['Host', HOST, 'Content-Type', 'image/png', 'Content-Length', `${BODY.length}`]));
  await client.write(BODY.subarray(0, upload));
  const upstream = await scene.origin.connection(1);
  await upstream.reader.until('\r\n\r\n');
  await upstream.reader.exactly(upload);
  await upstream.write(answer);
  if (marker !== '') await client.reader.until(marker);
  return upstream;
}

const idle = () => {};

test.each(cases(Object.keys(MOMENTS) as Moment[]))('HTTP/1.1, %s %s', async (_name, moment, go) => {
  const scene = await startScripted(idle);
  const client = await scene.connect();
  const upstream = await reach(scene, client, '/v1/x', moment);
  go(client);
  await expectCancelled(upstream);
  await expectGoneRecord(scene);
});

test.each(cases(['before the reply', 'in mid-stream'] as const))('in clear, %s %s', async (_name, moment, go) => {
  const scene = await startScripted(idle, { clear: true });
  const client = await scene.connectPlain();
  const upstream = await reach(scene, client, `http://${HOST}/v1/x`, moment);
  go(client);
  await expectCancelled(upstream);
  await expectGoneRecord(scene);
});

test.each(cases(['before the reply', 'in mid-stream', 'in mid-upload'] as const))('HTTP/2 connection, %s %s', async (_name, moment, go) => {
  const scene = await startScriptedH2((call) => {
    if (moment === 'before the reply') return;
    call.stream.respond({ ':status': 200, 'content-type': 'text/event-stream' });
    call.stream.write('data: 1\n\n');
  });
  const { client, session } = await openH2(scene);
  const stream = session.request({
    ':method': 'POST',
    ':path': '/v1/x',
    ':scheme': 'https',
    ':authority': HOST,
    'content-type': 'image/png',
  });
  stream.on('error', () => {});
  if (moment === 'in mid-upload') stream.write('half');
  else stream.end('{}');
  if (moment !== 'before the reply') await new Promise((resolve) => stream.once('data', resolve));
  while (scene.origin.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const [call] = scene.origin.calls;
  go(client);
  expect(await soon(call!.over, 'the stream upstream was cancelled', CANCEL_MS)).not.toBe(0);
  await expectGoneRecord(scene);
});

test.each(['before the reply', 'in mid-stream'])('one HTTP/2 stream of several, reset %s', async (moment) => {
  const scene = await startScriptedH2((call) => {
    if (moment === 'before the reply') return;
    call.stream.respond({ ':status': 200 });
    call.stream.write('1');
  });
  const { session } = await openH2(scene);
  const [gone, stays] = ['/gone', '/stays'].map((path) =>
    session.request({ ':method': 'GET', ':path': path, ':scheme': 'https', ':authority': HOST }),
  );
  for (const stream of [gone!, stays!]) stream.on('error', () => {});
  while (scene.origin.calls.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  if (moment !== 'before the reply') await new Promise((resolve) => gone!.once('data', resolve));
  gone!.close(8);
  const [first, second] = scene.origin.calls;
  expect(await soon(first!.over, 'the stream upstream was cancelled', CANCEL_MS)).toBe(8);
  if (moment === 'before the reply') second!.stream.respond({ ':status': 200 });
  second!.stream.end('whole');
  let text = '';
  for await (const piece of stays!) text += piece;
  expect(text).toMatch(/whole$/);
});

async function webSocketScene(): Promise<Scripted> {
  return startScripted(async (c) => {
    const upgrade = await c.request();
    const key = upgrade!.headers[upgrade!.headers.indexOf('Sec-WebSocket-Key') + 1]!;
    await c.write(
      replyBytes('101 Switching Protocols', [
        'Upgrade',
        'websocket',
        'Connection',
        'Upgrade',
        'Sec-WebSocket-Accept',
        acceptValue(key),
      ]).subarray(0, -21),
    );
    await c.write('\r\n');
  });
}

test.each(ENDINGS)('WebSocket, %s', async (_name, go) => {
  const scene = await webSocketScene();
  const client = await scene.connect();
  const { peer } = await openWebSocket(client, '/v1/responses', { host: HOST });
  await peer.send('hello');
  const upstream = await scene.origin.connection(1);
  await upstream.reader.exactly(11);
  go(client);
  await expectCancelled(upstream);
  await soon(scene.daemon.record(), 'the exchange is over', 8000);
});

test('a WebSocket client that goes while upstream reads nothing', async () => {
  const scene = await webSocketScene();
  const client = await scene.connect();
  const { peer } = await openWebSocket(client, '/v1/responses', { host: HOST });
  const upstream = await scene.origin.connection(1);
  upstream.stream.pause();
  let written = 0;
  for (let quiet = 0; quiet < 20 && written < 64 << 20; ) {
    const done = peer.send(Buffer.alloc(1 << 20)).then(() => client.stream.writableLength === 0);
    written += 1 << 20;
    quiet = (await done) ? 0 : quiet + 1;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  client.reset();
  upstream.stream.resume();
  await expectCancelled(upstream);
});
