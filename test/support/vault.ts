// The vault of a test daemon: a real store in its home with these credentials sealed in it, wired up as the daemon does it.
// Must not know the proxy.
import { join } from 'node:path';
import type { Logger } from 'pino';
import { openReferences, resolveTemplate } from '../../cmd/references.ts';
import { openVaulted } from '../../cmd/vaulted.ts';
import type { Trust } from '../../src/proxy/egress/trust.ts';
import type { Bound } from '../../src/rules/foreign-keys.ts';
import type { KnownValues } from '../../src/rules/masking/known-values.ts';
import type { InjectRule, Policy } from '../../src/rules/policy.ts';
import type { Secret } from '../../src/secret.ts';
import { type NewCredential, openCredentials } from '../../src/store/credentials.ts';
import { openKeyring } from '../../src/store/keyring.ts';
import { openStore } from '../../src/store/open.ts';

/** A credential of a test: what it leaves out is as `vault set` has it without an option. */
export type TestCredential = Pick<NewCredential, 'name' | 'hosts' | 'slots' | 'placeholder'> & Partial<NewCredential>;

/** The vault, open. */
export interface TestVault {
  readonly rules: readonly InjectRule[];
  keys(): readonly Bound[];
  /** Rejects with Fault key-missing. */
  resolve(template: string, host: string, signal: AbortSignal): Promise<Secret>;
  close(): void;
}

/** What it is opened with. */
export interface TestVaultOptions {
  readonly home: string;
  readonly credentials: readonly TestCredential[];
  readonly known: KnownValues;
  readonly trust: Trust;
  readonly policy: () => Policy;
  readonly log: Logger;
  readonly now: () => number;
}

/** Fills a vault and opens it. */
export async function openTestVault({ home, credentials, known, trust, policy, log, now }: TestVaultOptions): Promise<TestVault> {
  const store = openStore({ path: join(home, 'sallyport.db') });
  const keyring = await openKeyring({ store, home, environment: {}, now });
  const table = openCredentials(store, keyring, now);
  for (const credential of credentials) {
    const blank = { methods: [], paths: [], variable: '', expiresAtMs: undefined, reference: undefined, note: '', value: undefined };
    table.add({ ...blank, ...credential });
  }
  const vault = openVaulted(table, known, log, now);
  const references = openReferences({
    invocation: { environment: {}, cwd: home, userHome: home, flags: {}, configFile: undefined },
    trust,
    policy,
    parentProxy: () => undefined,
    credential: vault.find,
    standIns: vault.standIns,
    onResolved: vault.learn,
  });
  return {
    rules: vault.rules(),
    keys: vault.keys,
    resolve: (template, host, signal) => resolveTemplate(references, template, host, signal),
    close: () => {
      references.close();
      store.close();
    },
  };
}
