// What the machines that look after providers cost an exchange, everything on, against an exchange that asks nobody: prints one line of
// JSON, µs per exchange (median). Run with --expose-gc.
// Must not open a socket.
import { hash } from 'node:crypto';
import { measure } from 'mitata';
import { parseAuthority } from '../src/authority.ts';
import { openLog } from '../src/log.ts';
import { openFlow } from '../src/proxy/egress/flow.ts';
import { openMachines } from '../src/proxy/egress/flow-machines.ts';
import { openSharedReplies } from '../src/proxy/egress/shared-replies.ts';
import { openWay } from '../src/proxy/egress/way.ts';
import { realAfter } from '../src/proxy/refresh-flights.ts';
import { compileFlow } from '../src/rules/resilience/flow-settings.ts';
import { isBackground, isRetry, promptTokens } from '../src/rules/resilience/request.ts';

const authority = parseAuthority('api.anthropic.com:443');
const body = Buffer.from(JSON.stringify({ model: 'claude-sonnet-4-5-20250929', tools: [], messages: ['x'.repeat(48_000)] }));
const request = ['Content-Type', 'application/json', 'X-Api-Key', 'sk-ant-api03-bench', 'X-Stainless-Retry-Count', '0'];
const reply = {
  status: 200,
  reason: 'OK',
  headers: [
    'Content-Type',
    'text/event-stream',
    'anthropic-ratelimit-requests-limit',
    '4000',
    'anthropic-ratelimit-requests-remaining',
    '3999',
    'anthropic-ratelimit-requests-reset',
    new Date(Date.now() + 1000).toISOString(),
  ],
};
const events = Array.from({ length: 20 }, (_, i) =>
  Buffer.from(`event: content_block_delta\ndata: {"index":0,"delta":{"text":"word ${i} "}}\n\n`),
);
const { signal } = new AbortController();

/** One exchange, step by step as the proxy does it. */
function exchange(mode: 'off' | 'observe' | 'enforce') {
  const flowFor = compileFlow({ mode, requests_per_minute: 1_000_000, tokens_per_minute: 1_000_000_000 });
  const machines = openMachines(undefined, openLog({ level: 'silent', form: 'json', sink: () => undefined }), Date.now());
  const parts = { machines, now: Date.now, random: () => 0.5, count: () => undefined };
  const flow = openFlow({ ...parts, after: realAfter });
  const way = openWay(parts);
  const replies = openSharedReplies((_ms, act) => {
    // What is kept for seconds would fill the memory at this rate.
    act();
    return () => undefined;
  });
  const reached = async () => undefined;
  return async (): Promise<void> => {
    const settings = flowFor(authority);
    await way('api.anthropic.com:443', settings, reached);
    const credential = hash('sha256', `sallyport flow ${request[3]}`).slice(0, 12);
    const sharing =
      mode === 'enforce'
        ? replies.board({
            key: `POST api.anthropic.com:443 /v1/messages ${credential} default`,
            body,
            idempotencyKey: undefined,
            isRetry: isRetry(request),
          })
        : undefined;
    const entry = await flow.enter({
      settings,
      host: 'api.anthropic.com:443',
      model: 'claude-sonnet-4-5-20250929',
      credential,
      tokens: promptTokens(body.length),
      isBackground: isBackground('messages', '/v1/messages', body),
      signal,
    });
    if (entry.kind !== 'pass') throw new Error('not let through');
    const lead = sharing?.kind === 'leads' ? sharing.lead : undefined;
    entry.replied(reply);
    lead?.begin(reply);
    for (const event of events) lead?.push(event);
    entry.ended(undefined, 12_000);
    lead?.end(undefined);
  };
}

const us: Record<string, number> = {};
us['exchange that asks nobody'] = (await measure(async () => undefined)).p50 / 1000;
for (const mode of ['off', 'observe', 'enforce'] as const) us[`exchange, resilience ${mode}`] = (await measure(exchange(mode))).p50 / 1000;
console.log(JSON.stringify(us));
process.exit(0);
