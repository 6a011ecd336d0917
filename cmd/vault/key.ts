// `vault key show` and `vault key use SOURCE`: where the key comes from that everything else is wrapped by.
// Must not show it.
import { resolve } from 'node:path';
import { didYouMean } from '../../src/nearest.ts';
import { countKeys, countSeals, REKEY_AFTER, sourceInUse } from '../../src/store/data-keys.ts';
import { changeSource, sourceNamed } from '../../src/store/key-change.ts';
import type { KeySurroundings } from '../../src/store/key-source.ts';
import { SOURCES } from '../../src/store/keyring.ts';
import type { Store } from '../../src/store/open.ts';
import type { Call } from '../command.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import { keySurroundings, openStoreOf } from '../home-store.ts';
import { aftermath } from './aftermath.ts';

const NAMES = SOURCES.map(({ name }) => name);

/** The exit code. */
export async function key(call: Call): Promise<number> {
  const [verb, name, ...more] = (call.args.words ?? []) as readonly string[];
  if (verb === 'show' && name === undefined) return show(call);
  if (verb === 'use' && name !== undefined && more.length === 0) return use(call, name);
  throw new CommandFailure(EXIT.usage, `vault key takes show, or use and one of ${NAMES.join(', ')}`);
}

function show({ json, invocation, terminal }: Call): number {
  const { home, store } = openStoreOf(invocation);
  try {
    const row = sourceInUse(store);
    const facts = {
      source: row?.name ?? null,
      since: row ? new Date(row.sinceMs).toISOString() : null,
      keys: countKeys(store),
      sealed: countSeals(store),
    };
    if (json) terminal.out(JSON.stringify(facts));
    else if (row) terminal.out(`${row.name} since ${facts.since?.slice(0, 10)}; ${facts.sealed} values were sealed with the data key`);
    else terminal.out(`nothing was sealed in ${home} yet, so there is no key`);
    if (facts.keys > 1)
      terminal.err('note: there are values under an older data key: sallyport vault rekey seals them anew, or says which do not open');
    if (facts.sealed >= REKEY_AFTER) terminal.err('note: the data key has sealed much: sallyport vault rekey makes another');
    return EXIT.ok;
  } finally {
    store.close();
  }
}

async function use(call: Call, name: string): Promise<number> {
  const { json, invocation, terminal } = call;
  const source = sourceNamed(name);
  if (!source) throw new CommandFailure(EXIT.usage, `there is no source of keys «${name}»${didYouMean(name, NAMES)}: ${NAMES.join(', ')}`);
  const { home, store } = openStoreOf(invocation);
  try {
    const { changed, from, isLeft, opened } = await changeSource(
      { ...keySurroundings(invocation), store, now: Date.now },
      source,
      surroundingsOfNew(call, name, store),
    );
    const before = from === undefined ? undefined : { source: from };
    const change = changed ? { what: 'vault key use', before, after: { source: name } } : undefined;
    const { troubles } = await aftermath({ home, store, opened, change });
    if (json) terminal.out(JSON.stringify({ source: name, changed, from: from ?? null }));
    else if (!changed) terminal.out(`${name} is what the vault uses already`);
    else terminal.out(from === undefined ? `the vault begins with ${name}` : `the vault opens with ${name} now, no longer with ${from}`);
    if (changed && from !== undefined && !json)
      terminal.err('note: older backups open only with the key they were made under: sallyport db backup makes a new one');
    if (isLeft) terminal.err(`note: the key that ${from} holds could not be removed; every start tries again`);
    for (const line of troubles) terminal.err(line);
    return EXIT.ok;
  } finally {
    store.close();
  }
}

/** The passphrase in the environment is the old one where the vault has one: then the new one is asked for, or read from a file. */
function surroundingsOfNew({ args, invocation }: Call, name: string, store: Store): KeySurroundings {
  const around = keySurroundings(invocation);
  const { SALLYPORT_PASSPHRASE: _, SALLYPORT_PASSPHRASE_FILE: __, ...others } = invocation.environment;
  const file = args['passphrase-file'];
  if (typeof file === 'string') return { ...around, environment: { ...others, SALLYPORT_PASSPHRASE_FILE: resolve(invocation.cwd, file) } };
  if (sourceInUse(store)?.name !== 'passphrase') return around;
  if (name === 'passphrase' && !around.ask)
    throw new CommandFailure(EXIT.usage, 'the new passphrase is to be given with --passphrase-file FILE, where it cannot be asked for');
  return { ...around, environment: others };
}
