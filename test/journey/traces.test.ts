// Exchanges as OpenTelemetry traces, read by a collector of our own: what they say, what they do not, and that nobody waits for it.
import { execFileSync } from 'node:child_process';
import { cpSync, symlinkSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { openTraces } from '../../src/proxy/observe/traces.ts';
import { DEFAULT_PROFILE } from '../../src/rules/profile.ts';
import { type CollectedSpan, startCollector } from '../support/collector.ts';
import { eventually } from '../support/eventually.ts';
import { scratchFolder } from '../support/folder.ts';
import { headerOf } from '../support/http1.ts';
import { EMAIL } from '../support/samples.ts';
import { leaksOf } from '../support/secret-forms.ts';
import { startWorld } from '../support/world.ts';

const HOST = 'api.anthropic.com';
const MESSAGE = { model: 'claude-opus-4-5', messages: [{ role: 'user', content: `write to ${EMAIL}` }] };
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const CLIENT_SPAN = '00f067aa0ba902b7';

async function traced(endpoint: string) {
  const troubles: (string | undefined)[] = [];
  const traces = await openTraces({ endpoint, version: '1.2.3', onTrouble: (why) => void troubles.push(why) });
  onTestFinished(() => traces.close());
  const world = await startWorld({ daemon: { observe: traces.observe } });
  const client = await world.connect(HOST);
  const post = (...fields: string[]) =>
    client.request('POST /v1/messages', ['Host', HOST, 'Content-Type', 'application/json', ...fields], JSON.stringify(MESSAGE));
  return { troubles, traces, world, client, post };
}

const named = (spans: readonly CollectedSpan[], name: string) => spans.filter((span) => span.name === name);
const childrenOf = (spans: readonly CollectedSpan[], parent: CollectedSpan) =>
  spans.filter(({ parentSpanId }) => parentSpanId === parent.spanId).toSorted((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);

test('an exchange is a span with its phases, linked to its connection; the client’s own trace goes on in it', async () => {
  const collector = await startCollector();
  const { traces, world, post } = await traced(collector.endpoint);
  const sent = `00-${TRACE}-${CLIENT_SPAN}-01`;
  await post('User-Agent', 'claude-cli/2.1.330 (external)', 'traceparent', sent);
  await post();
  await world.daemon.record(() => world.daemon.records.length === 2);
  await traces.close();

  const { spans } = collector;
  expect(collector.resource).toMatchObject({ 'service.name': 'sallyport', 'service.version': '1.2.3' });
  expect(collector.text()).toMatch(/^POST \/v1\/traces application\/json\n/);
  const [first, second] = named(spans, 'chat claude-opus-4-5');
  const [connection, ...others] = named(spans, 'connection');
  expect(others).toEqual([]);
  expect(childrenOf(spans, connection!).map(({ name }) => name)).toEqual(['accept', 'aim', 'unwrap']);
  for (const span of [first!, second!]) {
    expect(childrenOf(spans, span).map(({ name }) => name)).toEqual(['read', 'admit', 'inspect', 'arm', 'send', 'relay', 'record']);
    expect(span.links).toMatchObject([{ traceId: connection!.traceId, spanId: connection!.spanId }]);
    expect(span.events).toEqual(['reply head']);
    for (const child of childrenOf(spans, span)) {
      expect(child.startMs).toBeGreaterThanOrEqual(span.startMs - 0.001);
      expect(child.endMs).toBeLessThanOrEqual(span.endMs + 0.001);
    }
  }
  expect(first).toMatchObject({ traceId: TRACE, parentSpanId: CLIENT_SPAN });
  expect(second!.parentSpanId).toBeUndefined();
  expect(Math.abs(first!.startMs - world.daemon.records[0]!.startedAtMs)).toBeLessThan(2);
  expect(first!.attributes).toEqual({
    'http.request.method': 'POST',
    'url.scheme': 'https',
    'server.address': HOST,
    'server.port': 443,
    'network.protocol.name': 'http',
    'network.protocol.version': '1.1',
    'http.request.body.size': world.daemon.records[0]!.requestBytes,
    'http.response.body.size': world.daemon.records[0]!.replyBytes,
    'http.response.status_code': 200,
    'user_agent.name': 'claude-cli',
    'user_agent.version': '2.1.330',
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'anthropic',
    'gen_ai.request.model': 'claude-opus-4-5',
    'gen_ai.usage.input_tokens': 11,
    'gen_ai.usage.output_tokens': 22,
    'sallyport.endpoint': 'messages',
    'sallyport.exchange.id': world.daemon.records[0]!.id,
    'sallyport.verdict': 'edit',
    'sallyport.masked': 1,
    'sallyport.restored': 1,
  });
  expect(leaksOf(EMAIL, collector.text())).toEqual([]);
  expect(collector.text()).not.toContain('write to');

  // What is observed is not touched: the client's header leaves as it came, and there is none of ours.
  const [one, two] = world.provider.capture.requests;
  expect(headerOf(one!, 'traceparent')).toBe(sent);
  expect(headerOf(two!, 'traceparent')).toBeUndefined();
});

test('a refusal is an error, with the phases it came to; what is no call of a model has no words of one', async () => {
  const collector = await startCollector();
  const { traces, world, client } = await traced(collector.endpoint);
  await client.request('BREW /v1/messages', ['Host', 'elsewhere.example', 'traceparent', `00-${TRACE}-${'0'.repeat(16)}-01`]);
  await world.daemon.record();
  await traces.close();
  const [refused] = named(collector.spans, '_OTHER');
  expect(refused).toMatchObject({ traceId: expect.not.stringMatching(TRACE), status: { code: 2, message: 'misdirected' } });
  expect(refused!.attributes).toMatchObject({ 'error.type': 'misdirected', 'http.response.status_code': 421 });
  expect(Object.keys(refused!.attributes).filter((key) => key.startsWith('gen_ai'))).toEqual([]);
  expect(childrenOf(collector.spans, refused!).map(({ name }) => name)).toEqual(['read', 'record']);
});

test('a profile of which nothing is kept leaves no trace', async () => {
  const collector = await startCollector();
  const traces = await openTraces({ endpoint: collector.endpoint, version: '1', onTrouble: () => {} });
  const valid = { state: 'valid', id: 't', profile: 'quiet' } as const;
  let observed = 0;
  const observe: typeof traces.observe = (x, record) => {
    observed++;
    expect(x.profile.log).toBe('none');
    traces.observe(x, record);
  };
  const profiles = [{ ...DEFAULT_PROFILE, name: 'quiet', log: 'none' as const }];
  const world = await startWorld({ daemon: { observe, profiles, tokens: { check: () => valid, standing: () => valid } } });
  const client = await world.connect(HOST, { connectHeaders: ['Host', `${HOST}:443`, 'Proxy-Authorization', 'Bearer sp_any'] });
  expect((await client.request('GET /v1/models', ['Host', HOST])).status).toBe(200);
  await eventually(() => expect(observed).toBe(1));
  await traces.close();
  expect(collector.text()).toBe('');
});

test('a collector that refuses or is not there is complained of once, and costs no exchange', async () => {
  const refusing = await startCollector(400);
  const { troubles, traces, world, post } = await traced(refusing.endpoint);
  expect((await post()).status).toBe(200);
  await world.daemon.record();
  await traces.close();
  expect(troubles).toHaveLength(1);
});

test('a collector that never answers does not hold up the end', async () => {
  const sockets = new Set<{ destroy(): void }>();
  const silent = createServer((socket) => void sockets.add(socket.on('error', () => {}).resume()));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
  const { troubles, traces, world, post } = await traced(`http://127.0.0.1:${(silent.address() as AddressInfo).port}/v1/traces`);
  await post();
  await world.daemon.record();
  const closing = traces.close();
  await eventually(() => expect(sockets.size).toBe(1));
  await closing;
  // It would have been one a few seconds later.
  expect(troubles).toEqual([]);
});

test('where the packages are not installed, one line says what to install', () => {
  const folder = scratchFolder();
  cpSync(join(import.meta.dirname, '../../src'), join(folder, 'src'), { recursive: true });
  symlinkSync(join(import.meta.dirname, '../../package.json'), join(folder, 'package.json'));
  const module = pathToFileURL(join(folder, 'src/proxy/observe/traces.ts')).href;
  // Nothing is missed before traces are wanted: the module itself loads.
  const script = `import('${module}').then(({ openTraces }) => openTraces({ endpoint: 'http://127.0.0.1:1', version: '1' })).catch((thrown) => console.log(thrown.message));`;
  expect(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' })).toBe(
    'traces need packages that are not installed: npm install @opentelemetry/api @opentelemetry/sdk-trace @opentelemetry/resources @opentelemetry/exporter-trace-otlp-http\n',
  );
});
