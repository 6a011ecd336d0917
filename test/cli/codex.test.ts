// Codex 0.169.0 (rustls): WebSocket on HTTP/1.1 with permessage-deflate, and its fallback to SSE on HTTP/2 with zstd bodies.
import { expect, test } from 'vitest';
import { expectSameConversation } from './expectations.ts';
import { onStage } from './on-stage.ts';
import { expectNothingLeft, readsRepository } from './repository.ts';
import { modelFingerprints, modelRequests, twoTurns } from './scenes.ts';
import { expectKeyInPlace, keyInVault } from './vault-key.ts';

test('over WebSocket with an API key', async () => {
  const result = await onStage(twoTurns({ cli: 'codex', account: 'key' }, 'daemon', { deflate: true }));
  expectSameConversation(result);
  const [direct1, direct2, through1, through2] = result.steps;
  expect(modelFingerprints([through1!, through2!])).toEqual(modelFingerprints([direct1!, direct2!]));
  const upgrade = modelRequests(through1!)[0]!;
  expect(upgrade).toMatchObject({ protocol: 'websocket', host: 'api.openai.com', status: 101 });
  expect(upgrade.messages.length).toBeGreaterThanOrEqual(3);
  expect(upgrade.messages.map((m) => m.compressed)).toEqual(modelRequests(direct1!)[0]!.messages.map((m) => m.compressed));
});

test('over SSE in ChatGPT mode when the WebSocket is refused', async () => {
  const result = await onStage(twoTurns({ cli: 'codex', account: 'chatgpt' }, 'daemon', { webSocket: false }));
  expectSameConversation(result);
  const [direct1, direct2, through1, through2] = result.steps;
  expect(modelFingerprints([through1!, through2!])).toEqual(modelFingerprints([direct1!, direct2!]));
  const sent = modelRequests(through1!).filter((r) => r.protocol === 'h2');
  expect(sent.length).toBeGreaterThanOrEqual(2);
  expect(sent.every((r) => r.headers.includes('zstd'))).toBe(true);
});

test('a repository full of secrets, with an order in it: nothing leaves, what is written is whole', async () => {
  const setting = { cli: 'codex', account: 'key' } as const;
  expectNothingLeft(setting, await onStage(readsRepository(setting)));
});

test('a key in the vault: a placeholder in the environment, the key in its field at the provider, nowhere else', async () => {
  const setting = { cli: 'codex' } as const;
  expectKeyInPlace(setting, await onStage(keyInVault(setting)));
});
