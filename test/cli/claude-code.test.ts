// Claude Code 2.1.330 (Bun, HTTP/1.1, SSE) through `sallyport run`, against the fake provider.
import { expect, test } from 'vitest';
import { expectSameConversation } from './expectations.ts';
import { onStage } from './on-stage.ts';
import { expectNothingLeft, readsRepository } from './repository.ts';
import { modelFingerprints, modelRequests, twoTurns } from './scenes.ts';
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

test('a repository full of secrets, with an order in it: nothing leaves, what is written is whole', async () => {
  const setting = { cli: 'claude-code' } as const;
  expectNothingLeft(setting, await onStage(readsRepository(setting)));
});

test('a key in the vault: a placeholder in the environment, the key in its field at the provider, nowhere else', async () => {
  const setting = { cli: 'claude-code' } as const;
  expectKeyInPlace(setting, await onStage(keyInVault(setting)));
});
