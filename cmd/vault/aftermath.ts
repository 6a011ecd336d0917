// What comes behind a change of the key of the vault: a row of the audit log, and a daemon that runs is handed the key, which may come from
// a passphrase that it was never told. It goes through the control socket alone. Must not undo the change, which is made.
import { controlOf, NotRunning } from '../../src/proxy/control/call.ts';
import { recordChange } from '../../src/store/audit/changes.ts';
import { type OpenKeys, openRing } from '../../src/store/keyring.ts';
import type { Store } from '../../src/store/open.ts';
import { explain } from '../failure.ts';

/** The vault after a change. */
export interface Changed {
  readonly home: string;
  readonly store: Store;
  readonly opened: OpenKeys;
  /** For the audit log, without a secret; left out: nothing was changed. */
  readonly change?: { readonly what: string; readonly before?: unknown; readonly after?: unknown } | undefined;
}

/** What came of it. */
export interface Aftermath {
  /** A daemon runs, and has the key. */
  readonly isTaken: boolean;
  /** Lines for the user. */
  readonly troubles: readonly string[];
}

/** Does all of it. */
export async function aftermath({ home, store, opened, change }: Changed): Promise<Aftermath> {
  const troubles: string[] = [];
  try {
    if (change) recordChange(store, openRing(store, opened), { who: process.getuid?.() ?? -1, ...change });
  } catch (thrown) {
    troubles.push(`note: it was done, but could not be recorded in the audit log: ${explain(thrown).line}`);
  }
  try {
    const { locked } = await controlOf(home).unlock(opened.wrapping);
    if (locked === undefined) return { isTaken: true, troubles };
    troubles.push(notTaken(locked));
  } catch (thrown) {
    if (!(thrown instanceof NotRunning)) troubles.push(notTaken((thrown as Error).message));
  }
  return { isTaken: false, troubles };
}

function notTaken(why: string): string {
  return `note: the daemon that runs has not taken the key up, so start it again: ${why}`;
}
