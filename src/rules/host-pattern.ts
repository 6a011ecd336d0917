// Host patterns: `api.example.com` (that host), `*.example.com` (any depth below it, not itself), `*` (every name).
// A star matches names only, never IP addresses, and bare `*` never matches localhost names.
import { type Authority, parseAuthority } from '../authority.ts';
import { Fault } from '../fault.ts';

/** A checked, lower-case pattern. */
export type HostPattern = string;

/** Checks and lower-cases a pattern. `?` may not occur; `*` only as the first label or, for regional hosts, inside the first label (`*-aiplatform.googleapis.com`, `bedrock-runtime.*.amazonaws.com`). Fault `bad-request` otherwise. */
export function parseHostPattern(text: string): HostPattern {
  const p = text.trim().toLowerCase();
  if (p === '*' || STARRED.test(p)) return p;
  try {
    // Written as authorities are, or it would match none.
    return parseAuthority(p.includes(':') ? `[${p}]` : p, 443).host;
  } catch {
    throw new Fault('bad-request', `«${text}» is not a host pattern`);
  }
}

const STARRED = /^(?=.*\*)(?!.*\*\*)[a-z0-9*_-]{1,63}(\.[a-z0-9*_-]{1,63})*$/;

const compiled = new Map<HostPattern, RegExp>();

/** Whether the authority's host is named by the pattern. */
export function matchesHost(pattern: HostPattern, { host, kind }: Authority): boolean {
  if (!pattern.includes('*')) return pattern === host;
  if (kind !== 'name') return false;
  if (pattern === '*') return host !== 'localhost' && !host.endsWith('.localhost');
  if (pattern.startsWith('*.') && !pattern.includes('*', 1)) return host.endsWith(pattern.slice(1));
  let re = compiled.get(pattern);
  if (!re) {
    const body = pattern.startsWith('*.') ? `(?:[^.]+\\.)+${literal(pattern.slice(2))}` : literal(pattern);
    re = new RegExp(`^${body}$`);
    compiled.set(pattern, re);
  }
  return re.test(host);
}

function literal(text: string): string {
  return text.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^.]+');
}
