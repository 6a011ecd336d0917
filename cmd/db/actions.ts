// The three actions of `sallyport db`, each from a call to its exit code.
// Must not touch the file itself: src/store does.
import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { CertFault } from '../../src/cert/cert-fault.ts';
import { lookAtPair } from '../../src/cert/pair-file.ts';
import { recordChange } from '../../src/store/audit/changes.ts';
import { backUpStore, restoreStore } from '../../src/store/backup.ts';
import { countKeys } from '../../src/store/data-keys.ts';
import { openHome } from '../../src/store/home.ts';
import { LockedError, openKeyring } from '../../src/store/keyring.ts';
import { takeLock } from '../../src/store/lock.ts';
import { checkStore, openToRead, type Store, schemaVersion } from '../../src/store/open.ts';
import { SealError } from '../../src/store/seal.ts';
import { StoreError } from '../../src/store/store-error.ts';
import { caSeal } from '../ca-seal.ts';
import type { Call } from '../command.ts';
import { CommandFailure, EXIT, explain } from '../failure.ts';
import { keySurroundings, openHomeStore } from '../home-store.ts';
import { homeOf } from '../settings.ts';

/** By the word on the command line. */
export const ACTIONS = { check, backup, restore } as const;

async function check({ json, invocation, terminal }: Call): Promise<number> {
  const path = storeOf(homeOf(invocation), terminal.self);
  try {
    openSound(path).close();
    const { store, keyring, close } = await openHomeStore(invocation, false);
    try {
      const { locked, source } = keyring;
      const keys = countKeys(store);
      if (keys > 0 && locked !== undefined) throw new CommandFailure(EXIT.failed, locked);
      const schema = schemaVersion(store.db);
      const said = keys === 0 ? 'no data key yet' : `${keys} data ${keys === 1 ? 'key opens' : 'keys open'} (${source})`;
      terminal.out(json ? JSON.stringify({ ok: true, path, schema, keys, source }) : `${path} is sound: schema ${schema}, ${said}`);
      return EXIT.ok;
    } finally {
      close();
    }
  } catch (thrown) {
    if (!json) throw thrown;
    terminal.out(JSON.stringify({ ok: false, path, trouble: explain(thrown).line }));
    return EXIT.failed;
  }
}

async function backup(call: Call): Promise<number> {
  const { args, json, invocation, terminal } = call;
  const file = fileOf(call);
  const store = openSound(storeOf(homeOf(invocation), terminal.self));
  try {
    backUpStore(store, file, args.force === true);
  } finally {
    store.close();
  }
  if (json) terminal.out(JSON.stringify({ file }));
  else terminal.out(`${file} holds the store; no key is in it: without the key of this home what is sealed in it does not open`);
  return EXIT.ok;
}

async function restore(call: Call): Promise<number> {
  const { json, invocation, terminal } = call;
  const file = fileOf(call);
  if (!existsSync(file)) throw new CommandFailure(EXIT.failed, `${file} is not there`);
  const home = homeOf(invocation);
  openHome(home);
  const lock = takeLock(join(home, 'daemon.lock'));
  if (!lock) throw new CommandFailure(EXIT.failed, `a daemon runs for ${home}: sallyport stop ends it, then the store can be replaced`);
  try {
    const path = join(home, 'sallyport.db');
    const { aside } = await restoreStore(path, file, Date.now(), (draft) => checkKeys(draft, file, call));
    if (json) terminal.out(JSON.stringify({ path, replaced: aside ?? null }));
    else terminal.out(`${path} is as it was in ${file}${aside === undefined ? '' : `; what it was before is in ${aside}`}`);
    return EXIT.ok;
  } finally {
    lock.close();
  }
}

/** What is sealed in a backup must open with the key of the home it goes into, and what that home has sealed beside it with what the backup holds. Its log says then that it was put back. */
async function checkKeys(store: Store, file: string, { invocation }: Call): Promise<void> {
  const home = homeOf(invocation);
  const keyring = await openKeyring({ ...keySurroundings(invocation), store, now: Date.now, mayMake: false });
  if (countKeys(store) > 0 && keyring.locked !== undefined)
    throw new StoreError(`${file} is not restored, what is sealed in it would not open: ${keyring.locked}`);
  const change = { who: process.getuid?.() ?? -1, what: `db restore ${basename(file)}` };
  if (keyring.locked === undefined) recordChange(store, keyring, change);
  try {
    await lookAtPair(home, caSeal(keyring));
  } catch (thrown) {
    const { cause, message } = thrown as CertFault;
    if (cause instanceof SealError || cause instanceof LockedError) throw new StoreError(`${file} is not restored, with it ${message}`);
    // A CA that is broken already is no reason to leave the store as it is.
  }
}

function openSound(path: string): Store {
  const store = openToRead(path);
  const complaint = checkStore(store);
  if (complaint === 'ok') return store;
  store.close();
  throw new CommandFailure(EXIT.failed, `${path} is damaged (${complaint}): sallyport db restore puts a backup in its place`);
}

function storeOf(home: string, self: string): string {
  const path = join(home, 'sallyport.db');
  if (!existsSync(path)) throw new CommandFailure(EXIT.failed, `there is no store in ${home} yet: ${self} start makes it`);
  return path;
}

function fileOf({ args, invocation, terminal }: Call): string {
  if (typeof args.file === 'string' && args.file !== '') return resolve(invocation.cwd, args.file);
  throw new CommandFailure(EXIT.usage, `db ${args.action} takes a file, as in ${terminal.self} db ${args.action} sallyport.backup`);
}
