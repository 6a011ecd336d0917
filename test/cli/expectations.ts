// What holds for every CLI after the two-turn scene, whatever its protocol.
import { expect } from 'vitest';
import { EMAIL, KEY, KEY_LINE, TOKEN } from '../support/samples.ts';
import { leaksOf } from '../support/secret-forms.ts';
import { headDifferences, modelRequests, placeholders } from './scenes.ts';
import type { StageResult } from './stage.ts';

/** Checks steps 0 and 1 (direct) against 2 and 3 (through Sallyport). */
export function expectSameConversation(result: StageResult): void {
  const [direct1, direct2, through1, through2] = result.steps;
  if (!direct1 || !direct2 || !through1 || !through2) throw new Error('the scene has four steps');
  const why = `${through1.stderr}\n${through2.stderr}\n${result.daemonLog}`.slice(-4_000);

  // The scene itself works: without Sallyport the provider does get both values.
  expect(leaksOf(EMAIL, direct1.everything)).toContain('plain');
  expect(leaksOf(TOKEN, direct1.everything)).toContain('plain');
  expect(leaksOf(KEY_LINE, direct1.everything)).toContain('plain');

  for (const step of result.steps)
    expect({ way: step.way, exit: step.exit, timedOut: step.timedOut, why }).toMatchObject({ exit: 0, timedOut: false });
  for (const step of [through1, through2]) {
    expect(modelRequests(step).length).toBeGreaterThan(0);
    expect(leaksOf(EMAIL, step.everything)).toEqual([]);
    expect(leaksOf(TOKEN, step.everything)).toEqual([]);
    expect(leaksOf(KEY_LINE, step.everything)).toEqual([]);
  }

  // The tool ran with the original, and the user read the original.
  expect(direct1.files['out.txt']).toBe(`${EMAIL} ${TOKEN}\n`);
  expect(through1.files['out.txt']).toBe(`${EMAIL} ${TOKEN}\n`);
  expect(direct1.files['key.pem']).toBe(`${KEY}\n`);
  expect(through1.files['key.pem']).toBe(`${KEY}\n`);
  expect(through1.stdout).toContain('RESULT<');
  expect(through1.stdout).toContain(`${EMAIL} ${TOKEN}`);
  expect(through2.stdout).toContain(`ECHO<Now write to ${EMAIL} again.> END`);

  // One placeholder, the same on every turn.
  const stand = placeholders(through1);
  expect(stand).toHaveLength(1);
  expect(placeholders(through2)).toEqual(stand);

  for (const { host, path, clientFields, upstreamFields } of result.fidelity) {
    expect({ host, path, fields: upstreamFields }).toEqual({ host, path, fields: clientFields });
  }
  expect(headDifferences([...direct1.requests, ...direct2.requests], [...through1.requests, ...through2.requests])).toEqual([]);
  expect(result.providerFailures).toEqual([]);
}
