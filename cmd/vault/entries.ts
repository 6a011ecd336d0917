// `vault set|list|show|remove|rotate|rename|placeholder`: the credentials of the vault.
// Must not show a value: what a client holds in its place may be shown.

import { didYouMean } from '../../src/nearest.ts';
import type { Credential, Slot } from '../../src/rules/credential.ts';
import { lintAwsKey, lintKey } from '../../src/rules/key-shapes.ts';
import { type Credentials, listCredentials, openCredentials, type StoredCredential } from '../../src/store/credentials.ts';
import { type Change, changeStore } from '../change-store.ts';
import type { Call } from '../command.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import { type HomeStore, openHomeStore } from '../home-store.ts';
import { lookAt } from '../look-at.ts';
import { columns } from '../table.ts';
import { checkReference, credentialFrom } from './options.ts';
import { secretInput } from './secret-input.ts';

/** Adds one. The exit code. */
export async function set(call: Call): Promise<number> {
  const [name] = words(call, 1, 'vault set takes a name, as in: vault set openai --host api.openai.com');
  const credential = credentialFrom(name!, call);
  await refuseTaken(call, name!);
  const value = credential.reference === undefined ? await secretInput(`Value of ${name}`) : undefined;
  if (value !== undefined) lint(call, value, credential);
  await change(call, 'vault set', name!, (table) => {
    table.add({ ...credential, value });
    return [undefined, facts(table.find(name!)!)];
  });
  told(call, credential, `kept: ${name} for ${credential.hosts.join(', ')}; clients hold ${credential.placeholder} instead`);
  if (!call.json && credential.variable !== '') call.terminal.err(`next: ${call.terminal.self} run --with ${name} -- COMMAND`);
  return EXIT.ok;
}

/** Lists them. */
export async function list(call: Call): Promise<number> {
  words(call, 0, 'vault list takes no further word');
  const rows = storedCredentials(call).map(facts);
  if (call.json) call.terminal.out(JSON.stringify(rows));
  else if (rows.length === 0) call.terminal.out(`no credential yet; ${call.terminal.self} vault set NAME --host HOST keeps one`);
  else
    call.terminal.out(
      columns(
        ['name', 'hosts', 'slot', 'kept', 'variable', 'expires', 'note'],
        rows.map((row) => ({ ...row, hosts: row.hosts.join(', '), slot: row.slots.join(', ') })),
      ),
    );
  return EXIT.ok;
}

/** Shows one, without its value. */
export async function show(call: Call): Promise<number> {
  const [name] = words(call, 1, 'vault show takes one name');
  const row = facts(existing(storedCredentials(call), name!));
  if (call.json) call.terminal.out(JSON.stringify(row));
  else
    for (const [key, value] of Object.entries(row))
      call.terminal.out(`${key.padEnd(12)} ${[value].flat().join(', ') || (NOTHING[key] ?? '-')}`);
  return EXIT.ok;
}

/** What it means that nothing is said. */
const NOTHING: Readonly<Record<string, string>> = { methods: 'any', paths: 'any', expires: 'never', variable: 'none' };

/** Prints what a client holds in its place. */
export async function placeholder(call: Call): Promise<number> {
  const [name] = words(call, 1, 'vault placeholder takes one name');
  const row = existing(storedCredentials(call), name!);
  call.terminal.out(call.json ? JSON.stringify({ name, placeholder: row.placeholder, variable: row.variable || null }) : row.placeholder);
  return EXIT.ok;
}

/** Removes some. */
export async function remove(call: Call): Promise<number> {
  const names = words(call, Number.POSITIVE_INFINITY, 'vault remove takes names');
  await change(call, 'vault remove', names.join(' '), (table) => {
    const before = names.map((name) => facts(existing(table.list(), name)));
    for (const name of names) table.remove(name);
    return [before, undefined];
  });
  return told(call, { removed: names }, `removed: ${names.join(' ')}`);
}

/** Another value under the same name and placeholder. */
export async function rotate(call: Call): Promise<number> {
  const [name] = words(call, 1, 'vault rotate takes one name');
  const { reference } = call.args;
  if (typeof reference === 'string') checkReference(reference);
  const row = existing(storedCredentials(call), name!);
  const to = typeof reference === 'string' ? { reference } : { value: await secretInput(`New value of ${name}`) };
  if ('value' in to) lint(call, to.value, row);
  await change(call, 'vault rotate', name!, (table) => {
    const before = facts(existing(table.list(), name!));
    table.rotate(name!, to);
    return [before, facts(existing(table.list(), name!))];
  });
  return told(call, { rotated: name }, `${name} has another value; its placeholder stays`);
}

/** Another name. */
export async function rename(call: Call): Promise<number> {
  const [from, to] = words(call, 2, 'vault rename takes the old name and the new one');
  credentialFrom(to!, { args: { host: ['x.invalid'] } });
  await change(call, 'vault rename', `${from} ${to}`, (table) => {
    const before = facts(existing(table.list(), from!));
    table.rename(from!, to!);
    return [before, facts(existing(table.list(), to!))];
  });
  return told(call, { from, to }, `${from} is called ${to} now`);
}

/** What may be known of one. */
export function facts(row: StoredCredential) {
  const at = (ms: number | undefined) => (ms === undefined ? null : new Date(ms).toISOString());
  return {
    name: row.name,
    hosts: row.hosts,
    slots: row.slots.map(slotText),
    methods: row.methods,
    paths: row.paths,
    kept: row.reference ?? 'sealed',
    placeholder: row.placeholder,
    variable: row.variable || null,
    created: at(row.createdAtMs),
    changed: at(row.changedAtMs),
    expires: at(row.expiresAtMs),
    note: row.note,
  };
}

/** Says what is odd about a value, and refuses it without `--force`: formats change. */
export function lint({ args, terminal }: Call, value: string, { hosts, slots }: Pick<Credential, 'hosts' | 'slots'>): void {
  const odd = slots.some(({ kind }) => kind === 'sigv4') ? lintAwsKey(value, hosts) : lintKey(value, hosts);
  if (odd === undefined) return;
  if (args.force !== true) throw new CommandFailure(EXIT.failed, `${odd}; --force keeps it all the same`);
  terminal.err(`sallyport: note: ${odd}`);
}

/** Makes a change of the table, which is recorded. */
export async function change(
  call: Call,
  action: string,
  subject: string,
  make: (table: Credentials) => readonly [before: unknown, after: unknown],
): Promise<Change> {
  return changeStore(call.invocation, (opened) => {
    const [before, after] = make(tableOf(opened));
    return { action, subject, before, after };
  });
}

function slotText(slot: Slot): string {
  if (slot.kind === 'sigv4') return slot.kind;
  return slot.kind === 'json' ? `json ${slot.path.join('.')}` : `${slot.kind} ${slot.name}`;
}

function tableOf({ store, keyring }: HomeStore): Credentials {
  return openCredentials(store, keyring, Date.now);
}

function storedCredentials({ invocation }: Call): readonly StoredCredential[] {
  return lookAt(invocation, listCredentials) ?? [];
}

/** Before anybody is asked for a value that is then not kept. */
async function refuseTaken(call: Call, name: string): Promise<void> {
  const opened = await openHomeStore(call.invocation);
  try {
    if (opened.keyring.locked !== undefined) throw new CommandFailure(EXIT.failed, opened.keyring.locked);
    if (tableOf(opened).find(name)) {
      throw new CommandFailure(
        EXIT.failed,
        `there is a credential «${name}» already: sallyport vault rotate ${name} gives it another value`,
      );
    }
  } finally {
    opened.close();
  }
}

function existing(all: readonly StoredCredential[], name: string): StoredCredential {
  const row = all.find((one) => one.name === name);
  if (row) return row;
  const names = all.map((one) => one.name);
  throw new CommandFailure(EXIT.failed, `there is no credential «${name}»${didYouMean(name, names)}; sallyport vault list shows them`);
}

/** The further words, as many as there have to be. Throws CommandFailure with `line`. */
export function words({ args }: Call, count: number, line: string): readonly string[] {
  const given = (args.words ?? []) as readonly string[];
  if (count === Number.POSITIVE_INFINITY ? given.length === 0 : given.length !== count) throw new CommandFailure(EXIT.usage, line);
  return given;
}

function told({ json, terminal }: Call, value: object, line: string): number {
  terminal.out(json ? JSON.stringify(value) : line);
  return EXIT.ok;
}
