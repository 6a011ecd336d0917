// A vault that was locked on purpose stays locked, whatever could open it, until somebody unlocks it.
// Must not touch a key.
import { closeSync, existsSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openHome, syncFolder } from './home.ts';

const NAME = 'vault.locked';

/** Locks the vault of a home for every keyring that is opened from now on. Again: nothing more. Throws StoreError. */
export function lockVault(home: string): void {
  openHome(home);
  closeSync(openSync(join(home, NAME), 'a', 0o600));
  syncFolder(home);
}

/** False where it was not locked. */
export function unlockVault(home: string): boolean {
  const was = isVaultLocked(home);
  rmSync(join(home, NAME), { force: true });
  return was;
}

/** Whether it was locked on purpose. */
export function isVaultLocked(home: string): boolean {
  return existsSync(join(home, NAME));
}
