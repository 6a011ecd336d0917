// Claude Code 2.1.330 (Bun, HTTP/1.1, SSE) through `sallyport run`, against the fake provider.
import { expect, test } from 'vitest';
import { canRedirect } from '../support/namespace.ts';
import { EMAIL, KEY_LINE, TOKEN } from '../support/samples.ts';
import { leaksOf } from '../support/secret-forms.ts';
import { expectSameConversation } from './expectations.ts';
import { onStage } from './on-stage.ts';
import { expectNothingLeft, readsRepository } from './repository.ts';
import { headDifferences, modelFingerprints, modelRequests, twoTurns } from './scenes.ts';
import { expectKeyInPlace, keyInVault } from './vault-key.ts';

test('two turns and a tool call: masked for the provider, whole for the user, same hello and heads', async () => {
  const result = await onStage(twoTurns({ cli: 'claude-code' }, 'daemon'));
  expectSameConversation(result);
  const [direct1, direct2, through1, through2] = result.steps;
  expect(modelFingerprints([through1!, through2!])).toEqual(modelFingerprints([direct1!, direct2!]));
  expect(modelRequests(through1!).every((r) => r.protocol === 'http/1.1')).toBe(true);
});

test('without a daemon `run` brings its own; compressed replies are restored too', async () => {
  const result = await onStage(twoTurns({ cli: 'claude-code' }, 'own-daemon', { compress: 'gzip' }));
  expectSameConversation(result);
});

test.skipIf(!canRedirect)('transparent: the same for a user whose CLI has no proxy variable at all', async () => {
  const both = twoTurns({ cli: 'claude-code' }, 'transparent');
  const result = await onStage({ ...both, steps: both.steps.filter(({ again }) => !again) });
  const [direct, through] = result.steps;
  const why = `${through!.stderr}\n${result.daemonLog}`.slice(-4_000);
  expect({ exit: through!.exit, timedOut: through!.timedOut, why }).toMatchObject({ exit: 0, timedOut: false });
  expect(leaksOf(EMAIL, direct!.everything)).toContain('plain');
  for (const secret of [EMAIL, TOKEN, KEY_LINE]) expect(leaksOf(secret, through!.everything)).toEqual([]);
  expect(through!.files).toEqual(direct!.files);
  expect(through!.stdout).toContain(`${EMAIL} ${TOKEN}`);
  expect(headDifferences(direct!.requests, through!.requests)).toEqual([]);
  expect(modelFingerprints([through!])).toEqual(modelFingerprints([direct!]));
});

test('a repository full of secrets, with an order in it: nothing leaves, what is written is whole', async () => {
  const setting = { cli: 'claude-code' } as const;
  expectNothingLeft(setting, await onStage(readsRepository(setting)));
});

test('a key in the vault: a placeholder in the environment, the key in its field at the provider, nowhere else', async () => {
  const setting = { cli: 'claude-code' } as const;
  expectKeyInPlace(setting, await onStage(keyInVault(setting)));
});
