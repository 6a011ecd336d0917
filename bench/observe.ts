// What watching an exchange costs with everything on: rates, metrics, and traces sent to a collector in a thread of its own, against an
// observer that does nothing: what an exchange waits for, and the processor time in all. Prints one line of JSON, µs an exchange.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { measure } from 'mitata';
import type { ExchangeRecord } from '../src/exchange-record.ts';
import type { Exchange } from '../src/proxy/exchange.ts';
import { firstByteMs } from '../src/proxy/observe/phases.ts';
import { openRegistry } from '../src/proxy/observe/registry.ts';
import { openTraces } from '../src/proxy/observe/traces.ts';
import { anthropic } from '../src/rules/providers/anthropic.ts';
import { openTraffic } from '../src/rules/traffic.ts';
import { exchange as record } from '../test/support/exchange-record.ts';

type Observe = (x: Exchange, record: ExchangeRecord) => void;

const EXCHANGES = 1200;
/** So many come on one connection. */
const ON_ONE = 10;
/** Then there is a pause in which their spans are sent: if many were dropped, the bill would be too low. */
const AT_ONCE = 60;
const PAUSE_MS = 25;
/** With `spanId` in them: an exchange, its link and its seven phases; a connection and its three. */
const IDS = 9 + 4 / ON_ONE;
const ROUNDS = 5;

/** The other side: takes whatever comes. */
function collect(): void {
  let spans = 0;
  const server = createServer(async (request, reply) => {
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += chunk;
    reply.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    spans += text.split('"spanId"').length - 1;
  });
  process.on('message', () => process.send!(spans));
  server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port));
  process.once('disconnect', () => process.exit(0));
}

async function compare(): Promise<void> {
  const collector = fork(import.meta.filename);
  const [port] = (await once(collector, 'message')) as [number];
  const traffic = openTraffic();
  const registry = openRegistry({ status: () => ({ totals: {} }) as never, audit: () => ({ written: 0, dropped: 0, queued: 0 }) });
  const troubles: unknown[] = [];
  const traces = await openTraces({ endpoint: `http://127.0.0.1:${port}/v1/traces`, version: '0', onTrouble: (why) => troubles.push(why) });
  const counting: Observe = (x, record) => {
    const { provider, addedMs, tokensIn, tokensOut } = record;
    traffic.note({ provider, addedMs, firstByteMs: firstByteMs(x), tokensIn, tokensOut }, performance.now());
    registry.observe(x, record);
  };
  const everything: Observe = (x, record) => {
    counting(x, record);
    traces.observe(x, record);
  };
  const us: Record<string, number> = {};
  const spent: Record<string, number[]> = {};
  const watchers = { nothing: () => {}, 'rates and metrics': counting, 'rates, metrics and traces': everything };
  // In turns, so that a busy moment of the machine is shared; the first round is for the compiler.
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, observe] of Object.entries(watchers)) {
      const each = await processorTime(observe);
      if (round > 0) spent[name] = [...(spent[name] ?? []), each];
    }
  }
  await pause(100);
  collector.send('how many?');
  const [got] = (await once(collector, 'message')) as [number];
  const sent = IDS * EXCHANGES * (ROUNDS + 1);
  if (got < 0.95 * sent || troubles.length > 0) throw new Error(`the collector got ${got} of ${sent}: ${troubles.join(', ')}`);
  for (const [name, all] of Object.entries(spent))
    us[`processor time of ${name}, sending too`] = all.toSorted((a, b) => a - b)[all.length >> 1]!;
  // What is sent is made in the same way, whether or not there is still room for it.
  for (const [name, observe] of Object.entries(watchers)) {
    let i = 0;
    us[`added to an exchange by ${name}`] = (await measure(() => observe(...exchange(i++)))).p50 / 1000;
  }
  console.log(JSON.stringify(us));
  collector.disconnect();
  process.exit(0);
}

/** µs an exchange, all threads. */
async function processorTime(observe: Observe): Promise<number> {
  const from = process.cpuUsage();
  for (let i = 0; i < EXCHANGES; i++) {
    observe(...exchange(i));
    if (i % AT_ONCE === 0) await pause(PAUSE_MS);
  }
  const { user, system } = process.cpuUsage(from);
  return (user + system) / EXCHANGES;
}

let opened: Exchange['connection']['marks'];

function exchange(i: number): [Exchange, ExchangeRecord] {
  const t0 = performance.now() - 1000;
  if (i % ON_ONE === 0) opened = { openedAt: t0 - 3, accept: t0 - 2, aim: t0 - 1.5, unwrap: t0 - 0.1 };
  const connection = {
    marks: opened,
    authority: { host: 'api.anthropic.com', port: 443 },
    equality: 'exact',
    tls: { version: 'TLSv1.3', alpn: 'h2' },
  };
  const marks = { read: t0 + 0.1, admit: t0 + 0.2, inspect: t0 + 1.1, arm: t0 + 1.2, send: t0 + 1.5, reply: t0 + 400 };
  const x = {
    t0,
    startedAtMs: Date.now() - 1000,
    connection,
    profile: { log: 'meta' },
    route: { provider: anthropic, endpoint: anthropic.endpoints[0], dialect: anthropic.fallback },
    line: { protocol: 'h2', head: { headers: ['content-type', 'application/json', 'user-agent', 'claude-cli/2.1.330'] } },
    notes: { marks, askedModel: 'claude-opus-4-5' },
  };
  return [x as unknown as Exchange, { ...RECORD, id: `x-${i}`, addedMs: 1.2 + (i % 7), durationMs: 900 + (i % 300) }];
}

const RECORD = record(0, {
  profile: 'default',
  host: 'api.anthropic.com',
  edits: { email: 2, secrets: 1 },
  restored: 2,
  requestBytes: 200_000,
  replyBytes: 4000,
  equality: 'exact',
});

if (process.send) collect();
else await compare();
