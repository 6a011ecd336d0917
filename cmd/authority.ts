// The CA that belongs to a configuration, for commands that need it without a daemon. Loaded when used: keys and providers
// are most of what there is to load. Must not be used while a daemon runs, which has its own.
import type { CertAuthority } from '../src/cert/authority.ts';
import type { Config } from '../src/config.ts';
import type { Policy } from '../src/rules/policy.ts';
import { type Invocation, policySettings } from './settings.ts';

/** Makes the home, its store and the CA where there are none; `isRotation`: a new CA in place of the one there is, with a row in the audit log. `close` closes all of it. */
export async function openAuthority(
  config: Config,
  invocation: Invocation,
  isRotation = false,
): Promise<{ readonly certs: CertAuthority; readonly policy: Policy; close(): Promise<void> }> {
  const { compilePolicy } = await import('../src/rules/policy.ts');
  const { openCertAuthority } = await import('../src/cert/authority.ts');
  const { openHomeStore } = await import('./home-store.ts');
  const { caSeal } = await import('./ca-seal.ts');
  const { openCredentials } = await import('../src/store/credentials.ts');
  const { rulesOf } = await import('../src/rules/credential.ts');
  const stored = await openHomeStore({ ...invocation, flags: { ...invocation.flags, home: config.home } });
  try {
    const settings = policySettings(config);
    // The hosts of the vault are intercepted too: without them a CA for fewer hosts would be made.
    const credentials = openCredentials(stored.store, stored.keyring, Date.now).list();
    const policy = compilePolicy({ ...settings, inject: [...settings.inject, ...credentials.flatMap(rulesOf)] });
    const seal = caSeal(stored.keyring);
    const certs = await openCertAuthority({
      home: config.home,
      hosts: policy.interceptedHosts,
      now: Date.now,
      seal,
      ...(isRotation && { isRotation }),
    });
    if (isRotation) {
      const { recordChange } = await import('../src/store/audit/changes.ts');
      const after = { fingerprint256: certs.fingerprint256 };
      recordChange(stored.store, stored.keyring, { who: process.getuid?.() ?? -1, what: 'ca rotate', before: undefined, after });
    }
    return { certs, policy, close: () => certs.close().finally(stored.close) };
  } catch (thrown) {
    stored.close();
    throw thrown;
  }
}
