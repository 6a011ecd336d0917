// Phase 10: what is known of an exchange when it has ended, as one record.
// Must not hold a value of what passed: words of the client's own choosing go through `recordable`.
import type { FindingCount } from '../exchange-record.ts';
import { firstValue } from '../headers.ts';
import type { Finding } from '../rules/guardrail.ts';
import { recordable } from '../rules/recordable.ts';
import { countExchange, modelName } from './budgets.ts';
import type { Exchange } from './exchange.ts';
import type { Conductor } from './house.ts';

/** More kinds of findings of one exchange are not told apart. */
const MAX_FINDINGS = 50;
const CLIENT = /^([^/ ]{0,64})(?:\/([^ ]{1,64}))?/;

/** Hands the record on: always, exactly once. */
export function record(house: Conductor, x: Exchange): void {
  const { authority } = x.connection;
  const { head, seen } = x.line;
  const { notes } = x;
  const end = performance.now();
  const keep = (text: string) => recordable(text, x.policy.inject);
  const model = modelName(x, notes.askedModel || notes.usage.model);
  countExchange(house, x, model);
  const program = x.connection.program?.found;
  const [, client = '', version = ''] = CLIENT.exec(firstValue(head.headers, 'user-agent') ?? '') ?? [];
  house.finished(x, {
    id: x.id,
    startedAtMs: x.startedAtMs,
    client: keep(client || (program?.name ?? '')),
    clientPid: program?.pid,
    clientVersion: keep(version),
    profile: x.profile.name,
    scheme: x.connection.scheme,
    protocol: notes.webSocket ? 'websocket' : x.line.protocol,
    host: authority.host,
    port: authority.port,
    method: keep(head.method),
    path: keep(head.target.split('?', 1)[0]!),
    provider: x.route?.provider.name ?? '',
    endpoint: x.route?.endpoint?.name ?? '',
    model,
    tokensIn: notes.usage.tokensIn,
    tokensOut: notes.usage.tokensOut,
    status: seen.status,
    fault: notes.fault,
    verdict: notes.verdict,
    edits: notes.edits,
    rules: notes.rules,
    findings: counted(notes.findings, keep),
    restored: notes.restored,
    requestBytes: seen.requestBytes,
    replyBytes: seen.replyBytes,
    addedMs: rounded((notes.marks.arm ?? end) - x.t0 - notes.waitedMs),
    durationMs: rounded(end - x.t0),
    equality: x.connection.equality,
  });
}

/** To a hundredth. */
function rounded(ms: number): number {
  return Math.round(ms * 100) / 100;
}

function counted(findings: readonly Finding[], keep: (text: string) => string): FindingCount[] {
  const counts = new Map<string, FindingCount>();
  for (const { guardrail, rule, tool = '' } of findings) {
    const key = JSON.stringify([guardrail, rule, tool]);
    const known = counts.get(key);
    if (known) counts.set(key, { ...known, count: known.count + 1 });
    else if (counts.size < MAX_FINDINGS) counts.set(key, { guardrail, rule, tool: keep(tool), count: 1 });
  }
  return [...counts.values()];
}
