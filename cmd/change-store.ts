// The one way in which a command changes what the store holds: whole or not at all, and with what was there before and after.
// Must not know what is changed, nor print.
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

/** Opens the home, makes the change in one transaction and says what it was. Rejects with StoreError, and with what `make` throws. */
export async function changeStore(invocation: Invocation, make: (opened: HomeStore) => Change): Promise<Change> {
  const opened = await openHomeStore(invocation);
  try {
    return opened.store.db.transaction(() => make(opened)).immediate();
  } finally {
    opened.close();
  }
}
