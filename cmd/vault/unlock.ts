// `vault unlock`: takes back what `panic` has locked.
// Must not ask for a key: the vault asks for its own when it is opened.
import { unlockVault } from '../../src/store/vault-lock.ts';
import type { Call } from '../command.ts';
import { EXIT } from '../failure.ts';
import { homeOf } from '../settings.ts';

/** The exit code. */
export async function unlock({ json, invocation, terminal }: Call): Promise<number> {
  const unlocked = unlockVault(homeOf(invocation));
  if (json) terminal.out(JSON.stringify({ unlocked }));
  else terminal.out(unlocked ? 'the vault is unlocked; tokens that were revoked stay so' : 'the vault was not locked');
  return EXIT.ok;
}
