// Name constraints (RFC 5280 4.2.1.10): from the patterns of intercepted hosts to the subtrees the CA may issue for.
// Promises that every host a pattern names lies inside the subtrees. Must not know about keys or files.
import { ipv6Groups, parseAuthority } from '../authority.ts';
import { OWN_DOMAIN } from '../probe-host.ts';
import type { HostPattern } from '../rules/host-pattern.ts';
import { type Node, sequence, tagged, taggedBytes } from './der.ts';

/** What the CA is limited to. Lists are sorted, free of duplicates and of what another entry covers. */
export interface Constraints {
  /** Domains, each with everything below it. Undefined: a pattern has no fixed domain, so names cannot be limited. */
  readonly domains: readonly string[] | undefined;
  /** Single IP addresses, 4 or 16 octets. All others are excluded. */
  readonly addresses: readonly Buffer[];
  /** Patterns that kept names from being limited. */
  readonly unlimited: readonly HostPattern[];
}

const DNS_NAME = 2;
const IP_ADDRESS = 7;

/** The constraints for a list of patterns. Patterns that can name no host (`*.1.2`) add nothing. */
export function constraintsFor(patterns: readonly HostPattern[]): Constraints {
  // Also stands for «no name at all»: an absent list would permit every name.
  const domains = new Set<string>([OWN_DOMAIN]);
  const addresses = new Map<string, Buffer>();
  const unlimited: HostPattern[] = [];
  for (const pattern of patterns) {
    const fixed = fixedSuffix(pattern);
    if (fixed === '') {
      unlimited.push(pattern);
      continue;
    }
    const kind = kindOf(fixed);
    if (kind === 'name') domains.add(fixed);
    else if (kind) addresses.set(fixed, addressBytes(fixed));
  }
  const kept = [...domains].filter((d) => !parents(d).some((p) => domains.has(p))).sort();
  return {
    domains: unlimited.length > 0 ? undefined : kept,
    addresses: [...addresses.values()].sort(Buffer.compare),
    unlimited,
  };
}

/** The value of the nameConstraints extension. */
export function constraintsNode(constraints: Constraints): Node {
  const names = (constraints.domains ?? []).map((d) => taggedBytes(DNS_NAME, Buffer.from(d, 'latin1')));
  const addresses = constraints.addresses.map((a) => taggedBytes(IP_ADDRESS, Buffer.concat([a, Buffer.alloc(a.length, 0xff)])));
  // A permitted address limits both families for most verifiers; the family without one is excluded whole to be sure.
  const excluded = [4, 16]
    .filter((octets) => !constraints.addresses.some((a) => a.length === octets))
    .map((octets) => taggedBytes(IP_ADDRESS, Buffer.alloc(octets * 2)));
  const subtrees = (tag: number, of: readonly Node[]) => (of.length > 0 ? [tagged(tag, ...of.map((n) => sequence(n)))] : []);
  return sequence(...subtrees(0, [...names, ...addresses]), ...subtrees(1, excluded));
}

/** The 4 or 16 octets of an IP address text as Authority holds it. */
export function addressBytes(host: string): Buffer {
  const groups = host.includes(':') ? ipv6Groups(host) : undefined;
  if (!groups) return Buffer.from(host.split('.').map(Number));
  return Buffer.from(groups.flatMap((g) => [g >> 8, g & 0xff]));
}

/** The labels behind the last one that holds a star: `a.*.b.c` gives `b.c`; '' when nothing is fixed. */
function fixedSuffix(pattern: HostPattern): string {
  const labels = pattern.split('.');
  return labels.slice(labels.findLastIndex((l) => l.includes('*')) + 1).join('.');
}

function kindOf(text: string): 'name' | 'ipv4' | 'ipv6' | undefined {
  try {
    return parseAuthority(text.includes(':') ? `[${text}]` : text, 443).kind;
  } catch {
    return undefined;
  }
}

function parents(domain: string): string[] {
  const labels = domain.split('.');
  return labels.slice(1).map((_, i) => labels.slice(i + 1).join('.'));
}
