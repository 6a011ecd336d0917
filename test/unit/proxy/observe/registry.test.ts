import { expect, test } from 'vitest';
import { openMetrics } from '../../../../src/proxy/observe/metrics.ts';
import { phaseSpans } from '../../../../src/proxy/observe/phases.ts';
import { openRegistry } from '../../../../src/proxy/observe/registry.ts';
import { sources, watched } from '../../../support/watched.ts';

const lines = async (registry: { text(): Promise<string> }) => (await registry.text()).split('\n').filter((line) => !line.startsWith('#'));

test('an exchange is counted in all that it took part in', async () => {
  const registry = openRegistry(sources());
  registry.observe(...watched({ edits: { email: 2, secrets: 1 }, restored: 4 }));
  registry.observe(
    ...watched({ fault: 'upstream-cut', status: 0, verdict: 'pass', edits: {}, restored: 0, tokensIn: undefined, tokensOut: undefined }),
  );
  expect(await lines(registry)).toEqual(
    expect.arrayContaining([
      'sallyport_exchanges_total{provider="anthropic",endpoint="messages",status="2xx",verdict="edit"} 1',
      'sallyport_exchanges_total{provider="anthropic",endpoint="messages",status="none",verdict="pass"} 1',
      'sallyport_faults_total{code="upstream-cut"} 1',
      'sallyport_request_bytes_total{provider="anthropic"} 20',
      'sallyport_tokens_total{provider="anthropic",model="claude-opus-4-5",direction="in"} 12000',
      'sallyport_tokens_total{provider="anthropic",model="claude-opus-4-5",direction="out"} 350',
      'sallyport_masked_total{kind="email"} 2',
      'sallyport_masked_total{kind="secrets"} 1',
      'sallyport_restored_total 4',
      'sallyport_added_seconds_sum{provider="anthropic"} 0.024',
      'sallyport_upstream_first_byte_seconds_sum{provider="anthropic"} 0.976',
      'sallyport_exchange_duration_seconds_count{provider="anthropic"} 2',
      'sallyport_phase_duration_seconds_sum{phase="inspect"} 0.016',
      'sallyport_phase_duration_seconds_sum{phase="relay"} 1.77',
    ]),
  );
});

test('what is only looked at when somebody asks', async () => {
  expect(await lines(openRegistry(sources()))).toEqual(
    expect.arrayContaining([
      'sallyport_targets_total{way="intercepted"} 4',
      'sallyport_targets_total{way="tunnelled"} 0',
      'sallyport_leaves_issued_total 2',
      'sallyport_equality_total{grade="exact"} 3',
      'sallyport_guardrail_findings_total{guardrail="prompt-injection",action="warn"} 5',
      'sallyport_guardrail_faults_total{guardrail="prompt-injection"} 1',
      'sallyport_events_total{event="login:refused"} 1',
      'sallyport_events_total{event="guardrail:opt-out-refused"} 1',
      'sallyport_audit_rows_total{outcome="written"} 10',
      'sallyport_audit_queued 3',
      'sallyport_connections 7',
      'sallyport_flow{provider="anthropic",state="cooling"} 1',
      'sallyport_waiting{provider="anthropic"} 3',
      'sallyport_build_info{version="1.2.3"} 1',
      'process_start_time_seconds 5',
    ]),
  );
});

test('asking twice counts nothing twice, and what is counted elsewhere is no event', async () => {
  const registry = openRegistry(sources());
  await registry.text();
  const events = (await lines(registry)).filter((line) => line.startsWith('sallyport_events_total'));
  expect(events.sort()).toEqual([
    'sallyport_events_total{event="guardrail:opt-out-refused"} 1',
    'sallyport_events_total{event="login:refused"} 1',
  ]);
});

test('nothing of a client’s own choosing is a label: no host, no path, no user, no model that nobody answered', async () => {
  const registry = openRegistry(sources());
  const mine = { client: 'SECRET-client', profile: 'SECRET-profile', host: 'secret.example', path: '/SECRET/path', method: 'SECRET' };
  registry.observe(...watched({ ...mine, model: 'SECRET-model', tokensIn: undefined, tokensOut: undefined }));
  registry.observe(...watched({ ...mine, model: 'a SECRET in words' }));
  const text = await registry.text();
  expect(text).not.toMatch(/secret(?!s)/i);
  expect(text).toContain('model="other"');
});

test('ever new models make no ever new rows', async () => {
  const registry = openRegistry(sources());
  for (let i = 0; i < 300; i++) registry.observe(...watched({ model: `m${i}` }));
  const rows = (await lines(registry)).filter((line) => line.startsWith('sallyport_tokens_total'));
  expect(rows).toHaveLength(2 * 101);
});

test('an exchange that ended before the library was there is counted once it is', async () => {
  const metrics = openMetrics(() => sources());
  metrics.observe(...watched());
  const registry = await metrics.load();
  metrics.observe(...watched());
  expect(await metrics.load()).toBe(registry);
  expect(await lines(registry)).toContain('sallyport_exchange_duration_seconds_count{provider="anthropic"} 2');
});

test('the last phase that an exchange came to ends with it', () => {
  const [x] = watched({}, { read: 1001, admit: 1002 });
  expect(phaseSpans(x, 1009)).toEqual([
    { phase: 'read', from: 1000, to: 1001 },
    { phase: 'admit', from: 1001, to: 1002 },
    { phase: 'inspect', from: 1002, to: 1009 },
  ]);
});
