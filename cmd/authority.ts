// The CA that belongs to a configuration, for commands that need it without a daemon. Loaded when used: keys and providers
// are most of what there is to load. Must not be used while a daemon runs, which has its own.
import type { CertAuthority } from '../src/cert/authority.ts';
import type { Config } from '../src/config.ts';
import type { Policy } from '../src/rules/policy.ts';
import { openHome } from '../src/store/home.ts';
import { policySettings } from './settings.ts';

/** Makes the home and the CA where there are none. */
export async function openAuthority(config: Config): Promise<{ readonly certs: CertAuthority; readonly policy: Policy }> {
  const { compilePolicy } = await import('../src/rules/policy.ts');
  const { openCertAuthority } = await import('../src/cert/authority.ts');
  const policy = compilePolicy(policySettings(config));
  openHome(config.home);
  return { certs: await openCertAuthority({ home: config.home, hosts: policy.interceptedHosts, now: Date.now }), policy };
}
