// Gemini CLI 0.61.0 (the machine's Node, undici, HTTP/1.1): a routing question first, then the stream.
import { execFileSync } from 'node:child_process';
import { delimiter } from 'node:path';
import { expect, test } from 'vitest';
import { expectSameConversation } from './expectations.ts';
import { onStage } from './on-stage.ts';
import { expectNothingLeft, readsRepository } from './repository.ts';
import { modelFingerprints, modelRequests, twoTurns } from './scenes.ts';
import { expectKeyInPlace, keyInVault } from './vault-key.ts';

test('two turns and a tool call; says how close the hello came', async () => {
  const result = await onStage(twoTurns({ cli: 'gemini' }, 'daemon'));
  expectSameConversation(result);
  const [direct1, direct2, through1, through2] = result.steps;
  expect(modelRequests(through1!).map((r) => r.path.split(':').at(-1))).toContain('generateContent');
  const grades = result.fidelity.filter((r) => r.host.startsWith('generativelanguage.')).map((r) => r.equality);
  expect(grades.length).toBeGreaterThan(0);
  // Node 20's OpenSSL 3.0 sends a hello that Node 26's cannot make; it must say so and not pretend.
  if (machineNode() < 22) expect(new Set(grades)).toEqual(new Set(['partial']));
  else expect(modelFingerprints([through1!, through2!])).toEqual(modelFingerprints([direct1!, direct2!]));
});

test('a repository full of secrets, with an order in it: nothing leaves, what is written is whole', async () => {
  const setting = { cli: 'gemini' } as const;
  expectNothingLeft(setting, await onStage(readsRepository(setting)));
});

test('a key in the vault: a placeholder in the environment, the key in its field at the provider, nowhere else', async () => {
  const setting = { cli: 'gemini' } as const;
  expectKeyInPlace(setting, await onStage(keyInVault(setting)));
});

/** Major version of the Node that runs the CLI: the first in PATH that is not the project's own. */
function machineNode(): number {
  const path = process.env.PATH!.split(delimiter).filter((p) => !p.includes('node_modules'));
  const version = execFileSync('node', ['--version'], { encoding: 'utf8', env: { PATH: path.join(delimiter) } });
  return Number(/^v(\d+)/.exec(version)![1]);
}
