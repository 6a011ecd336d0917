// Records a change that an administrator made, as a row of the audit chain. Must not know what was changed: whoever changes it says so,
// in the same transaction where there is one.
import { redact } from '../../log-redaction.ts';
import type { Keyring } from '../keyring.ts';
import type { Store } from '../open.ts';
import { openChain } from './chain.ts';
import { type Change, plainEntry } from './entry.ts';

/**
 * Writes it at once. `before` and `after` hold no secret; what looks like one is taken out all the same. Throws LockedError, and what
 * SQLite throws: a change that cannot be recorded is not to be made.
 */
export function recordChange(store: Store, keyring: Keyring, change: Change, nowMs = Date.now()): void {
  openChain(store, keyring).append([plainEntry('change', nowMs, redact(change) as object)]);
}
