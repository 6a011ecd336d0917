// The one way to name a host. What CONNECT named is what we check, issue for, match and dial, so the text is
// parsed once, strictly, and never again. Must not know about DNS or which hosts are special.
import { Fault } from './fault.ts';

declare const brand: unique symbol;

/** A parsed host and port. `host` is lower-case ASCII: a DNS name without trailing dot, a dotted quad, or an IPv6 address without brackets. */
export interface Authority {
  readonly host: string;
  readonly port: number;
  readonly kind: 'name' | 'ipv4' | 'ipv6';
  readonly [brand]: true;
}

const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;
const QUAD = /^(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$/;

/**
 * Parses `host[:port]` (RFC 3986 3.2.2, RFC 9110 7.2). Without a port, `defaultPort` is taken; without that it is a Fault.
 * Throws Fault `bad-request` for user info, empty hosts, trailing dots, non-ASCII names, abbreviated or non-decimal IPv4.
 */
export function parseAuthority(text: string, defaultPort?: number): Authority {
  const m = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]/?#@\\]+))(?::(\d{1,5}))?$/.exec(text);
  if (!m) throw new Fault('bad-request', 'malformed host');
  const port = m[3] === undefined ? defaultPort : Number(m[3]);
  if (port === undefined) throw new Fault('bad-request', 'the port is missing');
  if (port < 1 || port > 65535) throw new Fault('bad-request', 'the port is out of range');
  if (m[1] !== undefined) return make(canonicalIpv6(m[1]), port, 'ipv6');
  const host = m[2]!.toLowerCase();
  if (QUAD.test(host)) return make(host, port, 'ipv4');
  const labels = host.split('.');
  if (host.length > 253 || !labels.every((l) => LABEL.test(l))) throw new Fault('bad-request', 'malformed host');
  // WHATWG URL: a last label that is a number makes the whole an IPv4 address, in spellings only attackers use.
  if (/^(\d+|0x[0-9a-f]*)$/.test(labels.at(-1)!)) throw new Fault('bad-request', 'malformed address');
  return make(host, port, 'name');
}

/** `host:port`, with brackets round IPv6. */
export function authorityText(a: Authority): string {
  return a.kind === 'ipv6' ? `[${a.host}]:${a.port}` : `${a.host}:${a.port}`;
}

function make(host: string, port: number, kind: Authority['kind']): Authority {
  return { host, port, kind } as Authority;
}

/** The eight groups of an IPv6 address text, or undefined when it is not one (RFC 4291 2.2). */
export function ipv6Groups(text: string): number[] | undefined {
  let s = text.toLowerCase();
  const v4 = /(?:^|:)((?:\d{1,3}\.){3}\d{1,3})$/.exec(s);
  if (v4) {
    if (!QUAD.test(v4[1]!)) return undefined;
    const b = v4[1]!.split('.').map(Number) as [number, number, number, number];
    s = `${s.slice(0, s.length - v4[1]!.length) + ((b[0] << 8) | b[1]).toString(16)}:${((b[2] << 8) | b[3]).toString(16)}`;
  }
  const halves = s.split('::');
  if (halves.length > 2) return undefined;
  const groups = (h: string) => (h === '' ? [] : h.split(':'));
  const left = groups(halves[0]!);
  const right = halves.length === 2 ? groups(halves[1]!) : [];
  const missing = 8 - left.length - right.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const all = [...left, ...Array<string>(missing).fill('0'), ...right];
  return all.every((g) => /^[0-9a-f]{1,4}$/.test(g)) ? all.map((g) => Number.parseInt(g, 16)) : undefined;
}

function canonicalIpv6(text: string): string {
  const groups = ipv6Groups(text);
  if (!groups) throw new Fault('bad-request', 'malformed IPv6 address');
  let best = { at: -1, length: 1 };
  for (let i = 0; i < 8; i++) {
    let n = 0;
    while (i + n < 8 && groups[i + n] === 0) n++;
    if (n > best.length) best = { at: i, length: n };
  }
  const hex = groups.map((g) => g.toString(16));
  if (best.at < 0) return hex.join(':');
  return `${hex.slice(0, best.at).join(':')}::${hex.slice(best.at + best.length).join(':')}`;
}
