// Writes down what the daemon was told to do over its control socket: that the configuration was read again, and what changed by it; that
// states were taken back. Must not stop what has happened already.
import type { Logger } from 'pino';
import type { ConfigRow } from '../../src/proxy/control/messages.ts';
import { recordChange } from '../../src/store/audit/changes.ts';
import type { Keyring } from '../../src/store/keyring.ts';
import type { Store } from '../../src/store/open.ts';

/** Where to. */
export interface Recording {
  readonly store: Store;
  readonly keyring: Keyring;
  readonly log: Logger;
}

/** `rows` are the settings before and after, secrets left out; `changed` names the keys. */
export function recordReload(
  recording: Recording,
  changed: readonly string[],
  ...rows: [readonly ConfigRow[], readonly ConfigRow[]]
): void {
  const [before, after] = rows.map((all) =>
    Object.fromEntries(all.filter(({ key }) => changed.includes(key)).map(({ key, value }) => [key, value])),
  );
  recordDone(recording, 'reload', before, after);
}

/** Something that was asked for, as it is typed. */
export function recordDone({ store, keyring, log }: Recording, what: string, before: unknown, after: unknown): void {
  try {
    // The control socket is open to the user of the daemon alone.
    recordChange(store, keyring, { who: process.getuid?.() ?? -1, what, before, after });
  } catch (err) {
    log.error({ err, what }, 'a change could not be recorded in the audit log');
  }
}
