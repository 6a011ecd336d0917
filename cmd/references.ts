// Where the keys of `inject` come from: a resolver made from what the command line knows, and a look at each reference for doctor.
// Must not print, nor hand out a value but to its host.
import { parseAuthority } from '../src/authority.ts';
import { Fault } from '../src/fault.ts';
import type { ReferenceRow } from '../src/proxy/control/messages.ts';
import type { ParentProxy } from '../src/proxy/egress/parent-proxy.ts';
import type { Trust } from '../src/proxy/egress/trust.ts';
import { parseReference } from '../src/proxy/references/kinds.ts';
import { openResolver, type Resolver, type ResolverOptions } from '../src/proxy/references/resolver.ts';
import { standIns } from '../src/rules/inject.ts';
import type { Policy } from '../src/rules/policy.ts';
import { parseTemplate, renderTemplate } from '../src/rules/template.ts';
import { Secret } from '../src/secret.ts';
import type { Invocation } from './settings.ts';
import { unreffed } from './timers.ts';

/** What a resolver is opened with here. The functions are asked anew each time. */
export interface ReferencesOptions {
  readonly invocation: Invocation;
  readonly trust: Pick<Trust, 'withRoots'>;
  readonly policy: () => Policy;
  readonly parentProxy: () => ParentProxy | undefined;
  readonly credential?: ResolverOptions['credential'];
  /** Of the vault, by environment variable that a value is taken from. */
  readonly standIns?: () => Readonly<Record<string, string>>;
  readonly onResolved?: (reference: string, value: string) => void;
}

/** The resolver; whoever opens it closes it. Servers of secrets are reached and trusted as upstreams are: `connect_to`, `parent_proxy`, `upstream_ca`. */
export function openReferences({
  invocation,
  trust,
  policy,
  parentProxy,
  credential,
  onResolved,
  standIns: vaultStandIns = () => ({}),
}: ReferencesOptions): Resolver {
  return openResolver({
    environment: invocation.environment,
    userHome: invocation.userHome,
    now: Date.now,
    schedule: unreffed,
    trust,
    connectTo: (host, port) => (host.includes(':') ? undefined : policy().mappingFor(parseAuthority(host, port))),
    parentProxy,
    // A key that the proxy puts in is not for programs.
    withheld: () => [...Object.keys(standIns(policy().inject)), ...Object.keys(vaultStandIns())],
    ...(credential && { credential }),
    ...(onResolved && { onResolved }),
  });
}

/** The value of a template, bound to `host`. Rejects as the resolver does. */
export async function resolveTemplate(resolver: Resolver, text: string, host: string, signal: AbortSignal): Promise<Secret> {
  const template = parseTemplate(text);
  const values = await Promise.all(template.references.map((reference) => resolver.resolve(reference, signal)));
  return new Secret(renderTemplate(template, values), [host]);
}

/** Each reference that the policy names, once, resolved to see whether it can be. */
export async function lookAtReferences(policy: Policy, resolver: Resolver): Promise<readonly ReferenceRow[]> {
  const references = new Set(policy.inject.flatMap(({ value }) => parseTemplate(value).references));
  return Promise.all(
    [...references].map(async (reference) => ({
      reference: parseReference(reference).shown,
      trouble: await resolver.resolve(reference).then(
        () => undefined,
        (thrown: unknown) => (thrown instanceof Fault ? (thrown.detail ?? thrown.message) : 'it could not be looked at'),
      ),
    })),
  );
}
