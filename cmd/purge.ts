// Removes a home for good, with the key that the system's keychain holds for it.
// Must not remove a folder that is no home of ours, or holds one of the user's own.
import { existsSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sourceInUse } from '../src/store/data-keys.ts';
import { reason } from '../src/store/home.ts';
import { sourceNamed } from '../src/store/key-change.ts';
import { openToRead } from '../src/store/open.ts';
import { CommandFailure, EXIT } from './failure.ts';
import { keySurroundings } from './home-store.ts';
import { homeOf, type Invocation } from './settings.ts';

/** Any of these shows whose folder it is. */
const MARKS = ['sallyport.db', 'ca.pem', 'changes', 'daemon.lock'];

/** Throws CommandFailure for a folder that must not go. */
export function checkPurge(invocation: Invocation): void {
  const home = homeOf(invocation);
  if (!existsSync(home)) return;
  const above = (path: string): readonly string[] => (dirname(path) === path ? [path] : [path, ...above(dirname(path))]);
  const isOurs = MARKS.some((name) => existsSync(join(home, name))) && !above(invocation.userHome).includes(home);
  if (!isOurs) throw new CommandFailure(EXIT.failed, `${home} does not look like a home of Sallyport, so it stays`);
}

/** Throws CommandFailure where the keychain or the disk does not let go. */
export async function purge(invocation: Invocation): Promise<void> {
  const home = homeOf(invocation);
  for (const { name, facts } of keysOf(home)) await sourceNamed(name)?.forget?.(keySurroundings(invocation), facts);
  try {
    rmSync(home, { recursive: true, force: true });
  } catch (thrown) {
    throw new CommandFailure(EXIT.failed, `${home} cannot be removed: ${reason(thrown)}`);
  }
}

/** The keys that a source has made for this home. A store that cannot be read tells of none. */
function keysOf(home: string): readonly { readonly name: string; readonly facts: string }[] {
  try {
    const store = openToRead(join(home, 'sallyport.db'));
    try {
      const row = sourceInUse(store);
      if (!row) return [];
      return [row, ...(row.leaving === null ? [] : [{ name: row.leaving, facts: row.leavingFacts ?? '' }])];
    } finally {
      store.close();
    }
  } catch {
    return [];
  }
}
