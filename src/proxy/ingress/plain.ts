// Absolute-form requests on the proxy port: http:// goes out in clear as it came, https:// is dialled over TLS with our own
// hello, since the client sent none. Every request is aimed anew; an upstream wire is kept only for the same origin.
import type { Authority } from '../../authority.ts';
import { authorityText } from '../../authority.ts';
import { Fault } from '../../fault.ts';
import { type RawHeaders, type RequestHead, withValue } from '../../headers.ts';
import { opaque } from '../../rules/dialects/opaque.ts';
import type { Provider } from '../../rules/provider.ts';
import { conduct } from '../conduct.ts';
import { dial } from '../egress/dial.ts';
import type { ConnectionFacts, Guest } from '../exchange.ts';
import type { House } from '../house.ts';
import type { ParsedRequest } from '../wire/head.ts';
import { upstreamWire, type Wire } from '../wire/wire.ts';
import { aim, dialTcp, type Target } from './aim.ts';
import { type Http1Aim, serveHttp1 } from './h1.ts';
import type { Http1Origin } from './h1-line.ts';

interface PlainAim extends Http1Aim {
  readonly provider: Provider | undefined;
}

/**
 * Serves a keep-alive connection of absolute-form requests, beginning with `first`. `welcome` rejects for one that may not pass; credentials
 * are asked of each (RFC 9110 11.7.1), for behind one connection there may be several users.
 */
export async function servePlain(
  house: House,
  client: Wire,
  first: ParsedRequest,
  welcome: (parsed: ParsedRequest) => Promise<Guest>,
): Promise<void> {
  const kept = keptOrigin();
  let provider: Provider | undefined;
  await serveHttp1(
    client,
    {
      aim: async (parsed) => {
        const guest = await welcome(parsed);
        if (parsed.form !== 'absolute') throw new Fault('bad-request', 'this is a proxy: it takes CONNECT and absolute-form requests');
        const aimed = await aimPlain(house, client, parsed, guest, kept);
        provider = aimed.provider;
        return aimed;
      },
      conduct: (line, connection) => conduct(house, line, connection, provider),
      dialect: opaque,
      draining: house.draining,
      limits: house.options.limits(),
    },
    first,
  );
  kept.close();
}

async function aimPlain(house: House, client: Wire, parsed: ParsedRequest, guest: Guest, kept: KeptOrigin): Promise<PlainAim> {
  const scheme = parsed.scheme!;
  const authority = parsed.authority!;
  const aimed = await aim(house, authority, guest, client, scheme);
  house.count('absolute-form');
  // The absolute form wins over Host and rewrites it (RFC 9112 3.2.2).
  const hostText =
    authority.port === (scheme === 'https' ? 443 : 80) ? authorityText(authority).replace(/:\d+$/, '') : authorityText(authority);
  const headers: RawHeaders = withValue(parsed.headers, 'host', hostText);
  const head: RequestHead = { method: parsed.method, target: parsed.path, headers, authority: hostText };
  const connection: ConnectionFacts = { ...guest, authority, scheme, sni: undefined, isAbsolute: true, equality: 'none', tls: undefined };
  return {
    head,
    connection,
    origin: kept.to(scheme, authority, (signal) => dialPlain(house, aimed, scheme, signal)),
    provider: aimed.provider,
  };
}

async function dialPlain(house: House, target: Target, scheme: 'http' | 'https', signal: AbortSignal): Promise<Wire> {
  const socket = await dialTcp(house, target, signal);
  if (scheme === 'http') return upstreamWire(socket, socket);
  const { connectMs } = house.options.limits();
  const dialled = await dial({
    socket,
    authority: target.authority,
    hello: undefined,
    trust: house.options.trust,
    timeoutMs: connectMs,
    signal,
  });
  return upstreamWire(dialled.socket, socket);
}

interface KeptOrigin {
  to(scheme: string, authority: Authority, dialNew: (signal: AbortSignal) => Promise<Wire>): Http1Origin;
  close(): void;
}

/** At most one upstream wire, kept while the client asks for the same origin again. */
function keptOrigin(): KeptOrigin {
  let wire: Wire | undefined;
  let key = '';
  return {
    to(scheme, authority, dialNew) {
      const wanted = `${scheme}://${authorityText(authority)}`;
      return {
        async open(signal) {
          if (wire && key === wanted && wire.state === 'open' && !wire.hasBytes && !wire.socket.destroyed) return { wire, reused: true };
          wire?.destroy();
          wire = await dialNew(signal);
          key = wanted;
          return { wire, reused: false };
        },
        drop(how) {
          if (how === 'cut') wire?.cut(true);
          else wire?.destroy();
          wire = undefined;
        },
      };
    },
    close: () => wire?.destroy(),
  };
}
