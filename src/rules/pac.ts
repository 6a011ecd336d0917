// A proxy auto-configuration file that sends intercepted hosts to us and everything else on its usual way. No DIRECT behind
// our name: when the daemon is down, these hosts fail instead of going out unseen. Must not know who reads it.
import type { HostPattern } from './host-pattern.ts';

/** The text of a PAC file. `proxy` is `host:port`. Patterns match as in host-pattern.ts: a star is one label or, in front, any depth. */
export function pacFile(proxy: string, patterns: readonly HostPattern[]): string {
  const exact = patterns.filter((p) => !p.includes('*'));
  const starred = patterns.filter((p) => p.includes('*') && p !== '*').map(expression);
  const everything = patterns.includes('*');
  return [
    `// ${proxy} for the hosts that Sallyport intercepts, the usual way for all others.`,
    `var HOSTS = ${literal(Object.fromEntries(exact.map((p) => [p, 1])))};`,
    `var PATTERNS = ${literal(starred)};`,
    `var EVERY_NAME = ${everything};`,
    'function FindProxyForURL(url, host) {',
    '  host = host.toLowerCase();',
    '  var address = /^[0-9.]+$|:/.test(host);',
    '  var ours = HOSTS.hasOwnProperty(host) || (EVERY_NAME && !address && !/^(.*\\.)?localhost$/.test(host));',
    '  for (var i = 0; !ours && !address && i < PATTERNS.length; i++) ours = new RegExp(PATTERNS[i]).test(host);',
    `  return ours ? ${JSON.stringify(`PROXY ${proxy}`)} : 'DIRECT';`,
    '}',
    '',
  ].join('\n');
}

function expression(pattern: HostPattern): string {
  const anyDepth = pattern.startsWith('*.');
  const rest = (anyDepth ? pattern.slice(2) : pattern).replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^.]+');
  return `^${anyDepth ? '([^.]+\\.)+' : ''}${rest}$`;
}

function literal(value: unknown): string {
  return JSON.stringify(value, undefined, 2);
}
