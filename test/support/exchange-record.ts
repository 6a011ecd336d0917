// The record of an exchange as a test or a measurement wants it.
// Must not need a test runner.
import type { ExchangeRecord } from '../../src/exchange-record.ts';

export const START_MS = 1_700_000_000_000;

/** An exchange, one second after the one before it. */
export const exchange = (n: number, over: Partial<ExchangeRecord> = {}): ExchangeRecord => ({
  id: `x-${n}`,
  startedAtMs: START_MS + n * 1000,
  client: 'claude-cli',
  clientVersion: '2.1.0',
  clientPid: undefined,
  profile: '',
  scheme: 'https',
  protocol: 'h2',
  host: 'api.example.com',
  port: 443,
  method: 'POST',
  path: '/v1/messages',
  provider: 'anthropic',
  endpoint: 'messages',
  model: 'claude-opus-4-5',
  tokensIn: 12_000,
  tokensOut: 350,
  status: 200,
  fault: undefined,
  verdict: 'edit',
  edits: { email: 2 },
  rules: {},
  findings: [],
  restored: 1,
  requestBytes: 10,
  replyBytes: 20,
  addedMs: 0.5,
  durationMs: 12.25,
  equality: 'ja4',
  ...over,
});
