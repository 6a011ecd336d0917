// The vault as the daemon uses it: rules that put its credentials in, the value of each when it is needed, and all values so that none
// leaves for another host. One that does not open is named once and not used. Must not log a value.
import type { Logger } from 'pino';
import { Unresolved } from '../src/proxy/references/reference.ts';
import type { FoundCredential } from '../src/proxy/references/resolver.ts';
import type { Credential } from '../src/rules/credential.ts';
import { rulesOf } from '../src/rules/credential.ts';
import type { Bound } from '../src/rules/foreign-keys.ts';
import { matchesHost } from '../src/rules/host-pattern.ts';
import type { KnownValues } from '../src/rules/masking/known-values.ts';
import type { InjectRule } from '../src/rules/policy.ts';
import { parseAwsKey } from '../src/rules/sigv4.ts';
import { envVariable } from '../src/rules/template.ts';
import type { Credentials, StoredCredential } from '../src/store/credentials.ts';
import { LockedError } from '../src/store/keyring.ts';

/** The vault. */
export interface Vaulted {
  /** As the store has them now. */
  rules(): readonly InjectRule[];
  list(): readonly Credential[];
  /** By environment variable that a value is taken from: what a program holds instead. */
  standIns(): Readonly<Record<string, string>>;
  /** Throws Unresolved. */
  find(name: string): FoundCredential;
  /** Of those that are kept here, and of those that were fetched. */
  keys(): readonly Bound[];
  /** A value that was fetched for a reference. */
  learn(reference: string, value: string): void;
  /** Reads the store again. */
  refresh(): void;
}

const OWN = 'credential:';

/** Opens the vault of a store. */
export function openVaulted(credentials: Credentials, known: KnownValues, log: Logger, now: () => number): Vaulted {
  let rows: readonly StoredCredential[] = [];
  let keys = new Map<string, { readonly value: string; readonly bound: readonly Bound[] }>();
  const said = new Set<string>();
  /** By reference: a change of the store must not make us forget what may not leave. */
  const fetched = new Map<string, string>();

  const keep = (row: StoredCredential, value: string): void => {
    const secrets = secretsIn(row, value);
    const allows: Bound['allows'] = (authority) => row.hosts.some((host) => matchesHost(host, authority));
    keys.set(row.name, { value, bound: secrets.map((secret) => ({ value: secret, allows })) });
    known.set(`credential ${row.name}`, secrets);
  };

  const sealedValue = (name: string): string | undefined => {
    try {
      return credentials.value(name);
    } catch (thrown) {
      // That the vault is locked was said when it was opened.
      if (!(thrown instanceof LockedError) && !said.has(name))
        log.error({ credential: name, reason: (thrown as Error).message }, 'a credential cannot be used');
      said.add(name);
      return undefined;
    }
  };

  const refresh = (): void => {
    for (const name of keys.keys()) known.set(`credential ${name}`, []);
    keys = new Map();
    rows = credentials.list();
    for (const reference of fetched.keys()) if (!rows.some((row) => row.reference === reference)) fetched.delete(reference);
    for (const row of rows) {
      const value = row.reference === undefined ? sealedValue(row.name) : fetched.get(row.reference);
      if (value !== undefined) keep(row, value);
    }
  };
  refresh();

  return {
    rules: () => rows.flatMap(rulesOf),
    list: () => rows,
    standIns: () =>
      Object.fromEntries(
        rows.flatMap(({ reference = '', placeholder }) => {
          const variable = envVariable(reference);
          return variable === undefined ? [] : [[variable, placeholder]];
        }),
      ),
    find(name) {
      const row = rows.find((one) => one.name === name);
      if (!row) throw new Unresolved('there is no such credential');
      if (row.expiresAtMs !== undefined && row.expiresAtMs <= now()) throw new Unresolved('it has expired');
      // What is kept of it must not outlive it.
      const lifetime = row.expiresAtMs === undefined ? {} : { lifetimeMs: row.expiresAtMs - now() };
      if (row.reference !== undefined) return { reference: row.reference, ...lifetime };
      const value = keys.get(name)?.value;
      if (value === undefined) throw new Unresolved('it does not open');
      return { value, ...lifetime };
    },
    keys: () => [...keys.values()].flatMap(({ bound }) => bound),
    learn(reference, value) {
      const row = rows.find(({ name }) => reference === `${OWN}${name}`);
      if (row?.reference === undefined) return;
      fetched.set(row.reference, value);
      keep(row, value);
    },
    refresh,
  };
}

/** What nobody else may see. The id of a pair of AWS is in every request that its owner signs. */
function secretsIn({ slots }: Credential, value: string): readonly string[] {
  const pair = slots.some(({ kind }) => kind === 'sigv4') ? parseAwsKey(value) : undefined;
  if (!pair) return [value];
  return pair.token === undefined ? [pair.secret] : [pair.secret, pair.token];
}
