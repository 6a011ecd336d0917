// WebSockets as codex uses them: Responses over HTTP/1.1, message by message, with and without permessage-deflate.
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { type Client, openWebSocket } from '../support/client.ts';
import { callH2, startH2 } from '../support/h2-client.ts';
import { readResponsesEvents } from '../support/provider/responses.ts';
import { EMAIL, TOKEN } from '../support/samples.ts';
import { leaksOf } from '../support/secret-forms.ts';
import { WebSocketPeer } from '../support/websocket.ts';
import { startWorld } from '../support/world.ts';

async function ask(peer: WebSocketPeer, frame: object, fragments = 1): Promise<{ said: Readonly<Record<string, string>>; id: string }> {
  await peer.send(JSON.stringify({ type: 'response.create', ...frame }), { fragments });
  const events: unknown[] = [];
  for (;;) {
    const e = await peer.next();
    if (e.kind !== 'text') throw new Error(`unexpected ${e.kind}`);
    const json = JSON.parse(e.text);
    events.push(json);
    if (json.type === 'response.completed') return { said: readResponsesEvents(events), id: json.response.id };
  }
}

const user = (text: string) => ({ type: 'message', role: 'user', content: [{ type: 'input_text', text }] });

test.each([
  ['without compression', false, false, false],
  ['with permessage-deflate', true, true, true],
  ['when upstream declines compression', true, false, false],
])('two turns %s', async (_name, offer, accept, compressed) => {
  const world = await startWorld({ provider: { deflate: accept } });
  const c = await world.connect('api.openai.com', { alpn: undefined as never });
  const { peer, reply } = await openWebSocket(c, '/v1/responses', { host: 'api.openai.com', headers: ['X-Last', '1'], deflate: offer });
  expect(reply.headers.includes('permessage-deflate')).toBe(accept);
  const first = await ask(peer, { input: [user(`Write to ${EMAIL} with ${TOKEN}.`)] }, 3);
  expect(new Set(Object.values(first.said))).toEqual(new Set([`ECHO<Write to ${EMAIL} with ${TOKEN}.> END`]));
  const second = await ask(peer, { previous_response_id: first.id, input: [user(`And again to ${EMAIL}.`)] });
  expect(second.said['response.output_item.done']).toBe(`ECHO<And again to ${EMAIL}.> END`);
  const [upgrade] = world.provider.modelRequests();
  expect(upgrade!.messages.map((m) => m.compressed)).toEqual([compressed, compressed]);
  const all = world.provider.capture.everything();
  expect([...leaksOf(EMAIL, all), ...leaksOf(TOKEN, all)]).toEqual([]);
  const [one, two] = upgrade!.messages.map((m) => /to (\S+?)[ .]/.exec(m.text)![1]);
  expect(two).toBe(one);
  peer.close(1000, 'bye');
  expect(await peer.next()).toMatchObject({ kind: 'close', code: 1000 });
  expect(await world.daemon.record((r) => r.protocol === 'websocket')).toMatchObject({ status: 101, verdict: 'edit', fault: undefined });
});

test('a message without findings passes as it came, and pings are answered', async () => {
  const world = await startWorld();
  const c = await world.connect('api.openai.com');
  const { peer } = await openWebSocket(c, '/v1/responses', { host: 'api.openai.com' });
  peer.frame({ opcode: 9, payload: Buffer.from('p') });
  await ask(peer, { input: [user('hello')], odd: ' \t1e3' });
  expect(world.provider.modelRequests()[0]!.messages[0]!.text).toBe(
    JSON.stringify({ type: 'response.create', input: [user('hello')], odd: ' \t1e3' }),
  );
  expect(peer.frames.find((f) => f.opcode === 10)?.payload.toString()).toBe('p');
});

test('a refused upgrade passes as it came', async () => {
  const world = await startWorld({ provider: { webSocket: false } });
  const c = await world.connect('api.openai.com');
  await expect(openWebSocket(c, '/v1/responses', { host: 'api.openai.com' })).rejects.toThrow('404');
});

test.each([
  ['a Close frame', (_c: Client, peer: WebSocketPeer) => peer.close()],
  ['close_notify and FIN', (c: Client) => c.end()],
  ['a bare FIN', (c: Client) => c.tap.socket.end()],
  ['both at once', (c: Client) => c.destroy()],
  ['a reset', (c: Client) => c.reset()],
])('when the client leaves by %s, upstream is left too and no descriptor stays', async (_name, leave) => {
  const world = await startWorld();
  const c = await world.connect('api.openai.com');
  const { peer } = await openWebSocket(c, '/v1/responses', { host: 'api.openai.com' });
  await ask(peer, { input: [user('hello')] });
  leave(c, peer);
  expect(await world.daemon.record((r) => r.protocol === 'websocket')).toMatchObject({ status: 101 });
  await expect.poll(() => world.daemon.proxy.status().connections).toBe(0);
});

test('over HTTP/2 (RFC 8441), beside an ordinary stream', async () => {
  const world = await startWorld({ provider: { webSocketOverH2: true } });
  const c = await world.connect('api.openai.com', { alpn: ['h2'] });
  const session = await startH2(c);
  expect(session.remoteSettings.enableConnectProtocol).toBe(true);
  const authority = { ':scheme': 'https', ':authority': 'api.openai.com', ':path': '/v1/responses' };
  const stream = session.request({ ':method': 'CONNECT', ':protocol': 'websocket', ...authority, 'sec-websocket-version': '13' });
  const [head] = await once(stream, 'response');
  expect(head[':status']).toBe(200);
  const peer = new WebSocketPeer(stream, 'client');
  const { said } = await ask(peer, { input: [user(`Write to ${EMAIL}.`)] });
  expect(new Set(Object.values(said))).toEqual(new Set([`ECHO<Write to ${EMAIL}.> END`]));
  const beside = await callH2(
    session,
    { ':method': 'POST', ...authority, 'content-type': 'application/json' },
    JSON.stringify({ input: 'x' }),
  );
  expect(beside.status).toBe(200);
  expect(leaksOf(EMAIL, world.provider.capture.everything())).toEqual([]);
  peer.close();
  expect(await peer.next()).toMatchObject({ kind: 'close' });
  expect(await world.daemon.record((r) => r.protocol === 'websocket')).toMatchObject({ status: 200, verdict: 'edit', fault: undefined });
});

// A refused message just cut the connection: codex took it for a bad network, tried six times and then said nothing of the rule.
test.each([
  ['http/1.1', 'rule-denied', 1008],
  ['h2', 'rule-denied', 1008],
  ['http/1.1', 'body-too-large', 1009],
] as const)('over %s a message that is refused is answered with %s, in words of the provider', async (alpn, code, closeCode) => {
  const world = await startWorld({
    provider: { webSocketOverH2: true },
    daemon: { settings: { mask: { secrets: 'block' }, maxBodyBytes: 1000 } },
  });
  const c = await world.connect('api.openai.com', { alpn: [alpn] });
  let peer: WebSocketPeer;
  if (alpn === 'h2') {
    const session = await startH2(c);
    const authority = { ':scheme': 'https', ':authority': 'api.openai.com', ':path': '/v1/responses' };
    const stream = session.request({ ':method': 'CONNECT', ':protocol': 'websocket', ...authority, 'sec-websocket-version': '13' });
    await once(stream, 'response');
    peer = new WebSocketPeer(stream, 'client');
  } else peer = (await openWebSocket(c, '/v1/responses', { host: 'api.openai.com' })).peer;
  await ask(peer, { input: [user('hello')] });
  await peer.send(JSON.stringify({ type: 'response.create', input: [user(code === 'rule-denied' ? TOKEN : 'x'.repeat(1000))] }));
  const said = await peer.next();
  expect(said.kind === 'text' && JSON.parse(said.text)).toMatchObject({ type: 'error', status: expect.any(Number), error: { code } });
  expect(await peer.next()).toMatchObject({ kind: 'close', code: closeCode });
  expect(leaksOf(TOKEN, world.provider.capture.everything())).toEqual([]);
  peer.close(closeCode);
  expect(await world.daemon.record((r) => r.protocol === 'websocket')).toMatchObject({ verdict: 'deny', fault: code });
  c.destroy();
  await expect.poll(() => world.daemon.proxy.status().connections).toBe(0);
});
