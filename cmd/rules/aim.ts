// Where a text that is looked at would go, as far as anybody said: rules may hold for some hosts and providers only.
// Must not dial, resolve or read anything.
import { parseAuthority } from '../../src/authority.ts';
import type { FindingRules } from '../../src/rules/masking/finding-rules.ts';
import type { Policy } from '../../src/rules/policy.ts';
import type { Provider } from '../../src/rules/provider.ts';

/** The rules that hold there, and the ids of those that were left out because nobody said where. */
export interface Aim {
  readonly rules: FindingRules;
  readonly leftOut: readonly string[];
}

/** A name that no host has: only patterns for every name match it. */
const NOWHERE = 'nowhere.invalid';

/** Throws Fault bad-request for what is no host. */
export function aimAt(policy: Policy, host: string | undefined, provider: Provider | undefined): Aim {
  const authority = parseAuthority(host ?? provider?.hosts[0]?.replaceAll('*', 'any') ?? NOWHERE, 443);
  const { name } = provider ?? policy.providerFor(authority) ?? { name: '' };
  const rules = policy.findingRulesFor(authority, name);
  const isAimed = host !== undefined || provider !== undefined;
  return { rules, leftOut: isAimed ? [] : (policy.rules ?? []).filter((rule) => !rules.rules.includes(rule)).map(({ id }) => id) };
}
