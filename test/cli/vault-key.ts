// The scene of a key in the vault: the CLI holds what stands for it, the provider receives it where the CLI puts its own, and nothing else has it.
import { expect } from 'vitest';
import { leaksOf } from '../support/secret-forms.ts';
import { type CliSetting, VAULT_KEYS } from './cli-runs.ts';
import { headDifferences, modelRequests } from './scenes.ts';
import type { StageJob, StageRequest, StageResult } from './stage.ts';

const PROMPT = 'Say something long, in many pieces.';

/** The same prompt directly with a key in the environment, then with one in the vault. */
export function keyInVault(setting: CliSetting): StageJob {
  const steps = (['direct', 'daemon'] as const).map((way) => ({ way, prompt: PROMPT }));
  return { setting, steps, vault: true };
}

/** Checks the two steps. */
export function expectKeyInPlace(setting: CliSetting, result: StageResult): void {
  const [direct, through] = result.steps;
  const { kept } = result;
  if (!direct || !through || !kept) throw new Error('the scene has two steps and a key');
  const { hosts, field } = VAULT_KEYS[setting.cli];
  const why = `${through.stderr}\n${result.daemonLog}`.slice(-4_000);
  expect({ exit: through.exit, timedOut: through.timedOut, why }).toMatchObject({ exit: 0, timedOut: false });
  expect(through.stdout).toContain(`ECHO<${PROMPT}> END`);

  // In the field of the CLI, at its place among the others, and in no other request or place.
  const sent = modelRequests(through);
  expect(sent.length).toBeGreaterThan(0);
  for (const request of sent) expect(fieldsWith(request, kept.key)).toEqual([[field[0], field[1] + kept.key]]);
  // Copilot orders most of its fields anew in every run.
  if (setting.cli !== 'copilot') expect(headDifferences(direct.requests, through.requests)).toEqual([]);
  expect(result.fidelity.length).toBeGreaterThan(0);
  for (const { host, path, clientFields, upstreamFields } of result.fidelity) {
    // A client that leaves at its end may leave a request that was never sent (codex asks for models meanwhile).
    if (upstreamFields.length === 0) continue;
    expect({ host, path, fields: upstreamFields }).toEqual({ host, path, fields: clientFields });
  }
  const holders = through.requests.filter((request) => leaksOf(kept.key, JSON.stringify(request)).length > 0);
  expect(holders.filter((request) => !hosts.includes(request.host))).toEqual([]);
  for (const { path, body, messages } of through.requests) expect(leaksOf(kept.key, JSON.stringify([path, body, messages]))).toEqual([]);
  expect(through.everything).not.toContain(kept.placeholder);

  // Nobody else: the CLI and its children were looked at, and so was every file that the scene left.
  expect(kept.processes.holders.join('\n')).toContain(PROMPT);
  expect(kept.processes.leaks).toEqual([]);
  expect(kept.files).toEqual([]);
  expect(leaksOf(kept.key, [kept.told, kept.verified, through.stdout, through.stderr, result.daemonLog].join('\n'))).toEqual([]);
  expect(kept.verified).toContain('as they were written');
  expect(result.providerFailures).toEqual([]);
}

function fieldsWith({ headers }: StageRequest, key: string): [name: string, value: string][] {
  return headers.flatMap((name, i): [string, string][] =>
    i % 2 === 0 && headers[i + 1]!.includes(key) ? [[name.toLowerCase(), headers[i + 1]!]] : [],
  );
}
