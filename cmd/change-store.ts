// The one way in which a command changes what the store holds: whole or not at all, and with a row in the audit log.
// Must not know what is changed, nor print.
import { recordChange } from '../src/store/audit/changes.ts';
import { type HomeStore, openHomeStore } from './home-store.ts';
import type { Invocation } from './settings.ts';

/** A change that was made, without any secret. */
export interface Change {
  /** As it was typed: `rules add`. */
  readonly action: string;
  /** What was changed: a name, or several; '' where the action says it all. */
  readonly subject: string;
  readonly before: unknown;
  readonly after: unknown;
}

/**
 * Opens the home, makes the change and records it in the audit log, in one transaction; gives what `make` gave. Rejects with StoreError, and
 * with what `make` throws.
 */
export async function changeStore<C extends Change>(invocation: Invocation, make: (opened: HomeStore) => C): Promise<C> {
  const opened = await openHomeStore(invocation);
  const change = (): C => {
    const made = make(opened);
    const { action, subject, before, after } = made;
    recordChange(opened.store, opened.keyring, { who: process.getuid?.() ?? -1, what: `${action} ${subject}`.trimEnd(), before, after });
    return made;
  };
  try {
    return opened.store.db.transaction(change).immediate();
  } finally {
    opened.close();
  }
}
