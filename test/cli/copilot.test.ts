// Copilot CLI 1.0.102 with a GitHub token, against the fake provider.
import { test } from 'vitest';
import { onStage } from './on-stage.ts';
import { expectKeyInPlace, keyInVault } from './vault-key.ts';

test('a key in the vault: a placeholder in the environment, the key in its field at the provider, nowhere else', async () => {
  const setting = { cli: 'copilot' } as const;
  expectKeyInPlace(setting, await onStage(keyInVault(setting)));
});
