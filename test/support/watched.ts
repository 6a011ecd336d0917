// A finished exchange as those who watch see it, with all that can be counted in it.
import type { ExchangeRecord } from '../../src/exchange-record.ts';
import type { Exchange } from '../../src/proxy/exchange.ts';
import type { MetricSources } from '../../src/proxy/observe/registry.ts';
import { exchange } from './exchange-record.ts';

/** Marks of an exchange that began at 1000 and came to its end. */
export const MARKS = { read: 1001, admit: 1002, inspect: 1010, arm: 1012, send: 1015, reply: 1500 };

export function watched(over: Partial<ExchangeRecord> = {}, marks: Partial<typeof MARKS> = MARKS): [Exchange, ExchangeRecord] {
  const x = { t0: 1000, notes: { marks } } as unknown as Exchange;
  return [x, { ...exchange(1), addedMs: 12, durationMs: 900, ...over }];
}

/** A daemon at rest that has seen something of everything. */
export function sources(over: Partial<ReturnType<MetricSources['status']>> = {}): MetricSources {
  const totals = {
    pass: 1,
    edit: 2,
    'fault:internal': 1,
    'equality:exact': 3,
    intercepted: 4,
    leaves: 2,
    'guardrail:prompt-injection:warn': 5,
    'guardrail:prompt-injection:fault': 1,
    'guardrail:opt-out-refused': 1,
    'login:refused': 1,
  };
  const flow = [{ provider: 'anthropic', host: 'api.anthropic.com', state: 'cooling', waiting: 3, why: '429' } as const];
  const status = {
    version: '1.2.3',
    startedAtMs: 5000,
    draining: false,
    connections: 7,
    tunnels: 1,
    exchanges: 2,
    totals,
    flow,
    caExpiresAtMs: 9000,
    ...over,
  };
  return { status: () => status, audit: () => ({ written: 10, dropped: 1, queued: 3 }) };
}
