// NO_PROXY without what would lead an intercepted host past us.
// Must not widen it beyond this machine's own names.
import { parseAuthority } from '../src/authority.ts';
import { type HostPattern, matchesHost } from '../src/rules/host-pattern.ts';

const LOCAL = ['localhost', '127.0.0.1', '::1'];

/** The cleaned list: entries that touch no intercepted host, and this machine itself, which the proxy would refuse anyway. */
export function cleanNoProxy(inherited: string | undefined, intercepted: readonly HostPattern[]): string {
  const entries = (inherited ?? '').split(/[\s,]+/).filter((entry) => entry !== '');
  const kept = entries.filter((entry) => entry !== '*' && !intercepted.some((pattern) => touches(entry, pattern)));
  return [...new Set([...kept, ...LOCAL])].join(',');
}

/** Whether some host of the pattern is named by the entry: itself or, as clients differ, any host below it. */
function touches(entry: string, pattern: HostPattern): boolean {
  const name = entry
    .toLowerCase()
    .replace(/^\*?\./, '')
    .replace(/^\[(.*)\](:\d+)?$/, '$1')
    .replace(/^([^:]*):\d+$/, '$1');
  if (LOCAL.includes(name)) return false;
  if (name.includes('/') || name.includes(':') || /^[\d.]+$/.test(name)) return name === pattern;
  if (pattern === '*') return true;
  if (isBelow(pattern, name)) return true;
  try {
    return matchesHost(pattern, parseAuthority(name, 443));
  } catch {
    return false;
  }
}

/** Compares label by label from the right; a star in the pattern stands for any label, in front for any number of them. */
function isBelow(pattern: HostPattern, name: string): boolean {
  const labels = pattern.split('.').reverse();
  const wanted = name.split('.').reverse();
  for (const [i, label] of wanted.entries()) {
    const own = labels[i];
    if (own === undefined) return false;
    if (own === '*' && i === labels.length - 1) return true;
    const glob = new RegExp(`^${own.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.+')}$`);
    if (!glob.test(label)) return false;
  }
  return true;
}
