// Phase 4 (read): which provider and endpoint a request is for, and that everything which names a host names the same one.
// Must not know what happens to the request afterwards.
import { type Authority, parseAuthority } from '../authority.ts';
import { Fault } from '../fault.ts';
import type { RequestHead } from '../headers.ts';
import type { Provider, Route } from './provider.ts';

/** The route of a request: the first endpoint whose method and path match, else the provider's fallback dialect. */
export function routeOf(authority: Authority, provider: Provider, head: RequestHead): Route {
  const path = pathOf(head.target);
  const endpoint = provider.endpoints.find((e) => (e.method === undefined || e.method === head.method) && e.path.test(path));
  return { authority, provider, endpoint, dialect: endpoint?.dialect ?? provider.fallback };
}

/**
 * Throws Fault `misdirected` unless SNI and Host (or :authority) name the host that CONNECT, the absolute-form target or SOCKS5 named
 * (RFC 9110 7.4). Letter case does not matter; a trailing dot does. Host may leave the port out; if it has one it must be the same.
 * `sni` undefined: the client sent none (no TLS, or an IP address, RFC 6066 3). `hostField` '' names nothing and is refused.
 */
export function checkAgreement(connect: Authority, sni: string | undefined, hostField: string): void {
  if (!agrees(connect, hostField)) throw new Fault('misdirected', 'Host');
  // An address is never sent as SNI.
  if (sni !== undefined && (connect.kind !== 'name' || sni.toLowerCase() !== connect.host))
    throw new Fault('misdirected', 'TLS server name');
}

/** Whether a Host field names this authority. */
export function agrees(authority: Authority, hostField: string): boolean {
  try {
    const named = parseAuthority(hostField, authority.port);
    return named.host === authority.host && named.port === authority.port;
  } catch {
    return false;
  }
}

function pathOf(target: string): string {
  const end = target.search(/[?#]/);
  return end < 0 ? target : target.slice(0, end);
}
