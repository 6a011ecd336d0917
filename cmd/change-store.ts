// The one way in which a command changes what the store holds: whole or not at all, and with what was there before and after.
// Must not know what is changed, nor print.
import { recordChange } from '../src/store/audit/changes.ts';
import { type HomeStore, openHomeStore } from './home-store.ts';
import type { Invocation } from './settings.ts';

/** A change that was made, without any secret. */
export interface Change {
  /** As it was typed: `rules add`. */
  readonly action: string;
  /** What was changed: a name, or several. */
  readonly subject: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** Opens the home, makes the change in one transaction with its row in the audit log, and says what it was. Rejects with StoreError, and with what `make` throws. */
export async function changeStore(invocation: Invocation, make: (opened: HomeStore) => Change): Promise<Change> {
  const opened = await openHomeStore(invocation);
  try {
    return opened.store.db
      .transaction(() => {
        const made = make(opened);
        const what = `${made.action} ${made.subject}`.trim();
        recordChange(opened.store, opened.keyring, { who: process.getuid?.() ?? -1, what, before: made.before, after: made.after });
        return made;
      })
      .immediate();
  } finally {
    opened.close();
  }
}
