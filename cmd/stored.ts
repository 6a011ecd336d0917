// What the daemon keeps in its home: the store with its tables, the keyring, the placeholders. Opened in order and closed in reverse.
// Must not know what any of it is used for.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { openPlaceholders, type Placeholders } from '../src/rules/masking/placeholders.ts';
import { type CaptureWriter, openCaptureWriter } from '../src/store/audit/captures.ts';
import { type AuditWriter, openAuditWriter } from '../src/store/audit/writer.ts';
import { countSeals, REKEY_AFTER } from '../src/store/data-keys.ts';
import { type LiveKeyring, openLiveKeyring } from '../src/store/live-keyring.ts';
import { openStore, type Store } from '../src/store/open.ts';
import { openPlaceholderFile } from '../src/store/placeholder-file.ts';
import { placeholderKey } from '../src/store/placeholder-key.ts';
import { openProfiles, type Profiles } from '../src/store/profiles.ts';
import { openTokens, type Tokens } from '../src/store/tokens.ts';
import { unreffed } from './timers.ts';

/** The parts, open. */
export interface Stored {
  readonly store: Store;
  readonly keyring: LiveKeyring;
  readonly profiles: Profiles;
  readonly tokens: Tokens;
  readonly audit: AuditWriter;
  readonly captures: CaptureWriter;
  readonly placeholders: Placeholders;
  /** What there is to tell. */
  readonly notices: readonly string[];
}

const MAX_QUEUED_ROWS = 10_000;
const MAX_PLACEHOLDERS = 100_000;

/** Opens all of it; `opening` closes it. Throws StoreError. */
export async function openStored(
  home: string,
  environment: Readonly<Record<string, string | undefined>>,
  log: Logger,
  opening: AsyncDisposableStack,
): Promise<Stored> {
  const store = openStore({ path: join(home, 'sallyport.db') });
  opening.defer(() => store.close());
  const keyring = await openLiveKeyring({ store, home, environment, now: Date.now });
  if (keyring.locked !== undefined) log.error({ reason: keyring.locked }, 'no credential of the vault can be used');
  if (countSeals(store) >= REKEY_AFTER) log.warn('the data key of the vault has sealed much: sallyport vault rekey makes another');
  const profiles = openProfiles(store);
  const tokens = openTokens({ store, keyring, now: Date.now, random: randomBytes, schedule: unreffed });
  opening.defer(() => tokens.close());
  const audit = openAuditWriter(store, keyring, {
    maxQueued: MAX_QUEUED_ROWS,
    schedule: unreffed,
    onTrouble: ({ failing, dropped, cause }) => {
      if (failing)
        log.error({ err: cause }, 'the audit log cannot be written; rows over the queue are lost, audit.on_failure decides the rest');
      else log.info({ dropped }, 'the audit log is written again');
    },
  });
  opening.defer(() => audit.close());
  const captures = openCaptureWriter(store, keyring, {
    schedule: unreffed,
    onTrouble: (err) => log.error({ err }, 'captured bodies cannot be written; exchanges go on without'),
  });
  opening.defer(() => captures.close());
  const key = placeholderKey(home);
  const remembered = openPlaceholderFile({
    home,
    key,
    now: Date.now,
    maxEntries: MAX_PLACEHOLDERS,
    schedule: unreffed,
    onTrouble: ({ failing, cause }) => {
      if (failing) log.error({ err: cause }, 'placeholders cannot be written down; exchanges go on, a restart forgets the new ones');
      else log.info('placeholders are written down again');
    },
  });
  opening.defer(() => remembered.close());
  const placeholders = openPlaceholders({ key, maxEntries: MAX_PLACEHOLDERS, known: remembered.known, onUse: remembered.used });
  opening.defer(() => placeholders.close());
  return { store, keyring, profiles, tokens, audit, captures, placeholders, notices: [...store.notices, ...remembered.notices] };
}
