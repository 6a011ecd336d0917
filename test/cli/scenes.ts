// The scene that every CLI plays, and what is compared afterwards: two turns on each way, a tool call whose argument
// holds what was masked.
import { EMAIL, KEY, TOKEN } from '../support/samples.ts';
import { type CliSetting, shellDirective } from './cli-runs.ts';
import type { StageJob, StageRequest, StepResult, Way } from './stage.ts';

/** Direct first, then through Sallyport, the same two prompts each. */
export function twoTurns(setting: CliSetting, way: Exclude<Way, 'direct'>, provider: NonNullable<StageJob['provider']> = {}): StageJob {
  const command = `echo ${EMAIL} ${TOKEN} > out.txt; cat > key.pem <<'EOF'\n${KEY}\nEOF\ncat out.txt`;
  const first = `Write to ${EMAIL} please. Use ${KEY} ${shellDirective(setting.cli, command)}`;
  const second = `Now write to ${EMAIL} again.`;
  const steps = (['direct', way] as const).flatMap((w) => [
    { way: w, prompt: first },
    { way: w, prompt: second, again: true },
  ]);
  return { setting, provider, steps };
}

/** codex 0.169.0: its metrics exporter and its MCP client order their own fields anew on every request. */
const SHUFFLED = /\/otlp\/v1\/metrics$|\/ps\/mcp$/;

/** Header names in order (values left out), for each kind of request that both runs made; only kinds that differ are listed. */
export function headDifferences(direct: readonly StageRequest[], through: readonly StageRequest[]): string[] {
  const kinds = (requests: readonly StageRequest[]) => {
    const out = new Map<string, Set<string>>();
    for (const r of requests) {
      if (SHUFFLED.test(r.path)) continue;
      const kind = `${r.protocol} ${r.method} ${r.host} ${r.path}`;
      out.set(kind, (out.get(kind) ?? new Set()).add(headerNames(r)));
    }
    return out;
  };
  const before = kinds(direct);
  const differences: string[] = [];
  for (const [kind, seen] of kinds(through)) {
    const expected = before.get(kind);
    for (const names of seen)
      if (expected && !expected.has(names))
        differences.push(`${kind}\n  direct  ${[...expected].join('\n          ')}\n  through ${names}`);
  }
  return differences;
}

function headerNames(r: StageRequest): string {
  return r.headers.filter((_, i) => i % 2 === 0).join(', ');
}

/** Requests that carry the prompt. */
export function modelRequests(step: StepResult): StageRequest[] {
  return step.requests.filter(
    (r) => r.protocol === 'websocket' || (r.method === 'POST' && /\/(messages|responses)$|enerateContent$/.test(r.path)),
  );
}

/** The distinct fingerprints of connections to the hosts of model requests that were not resumptions. */
export function modelFingerprints(steps: readonly StepResult[]): string[] {
  const ids = new Set(
    steps
      .flatMap(modelRequests)
      .filter((r) => r.status < 400)
      .map((r) => r.connection),
  );
  const used = steps.flatMap((s) => s.connections).filter((c) => ids.has(c.id) && !c.resumed);
  return [...new Set(used.map((c) => c.ja4 ?? 'none'))].sort();
}

/** What stands in the place of the address in the provider's copy of a prompt. */
export function placeholders(step: StepResult): string[] {
  return [...new Set([...step.everything.matchAll(/write to ([^\s"\\]+) (?:please|again)/gi)].map((m) => m[1]!))];
}
