// Phase 3: the ClientHello is read, upstream is dialled with the same hello, and the client's leg is finished with exactly
// the ALPN upstream chose. A failure towards upstream becomes readable answers on a finished client leg, never a fallback.
import type { Socket } from 'node:net';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import type { Leaf } from '../../cert/authority.ts';
import { asFault, CLIENT_GONE, Fault } from '../../fault.ts';
import type { Provider } from '../../rules/provider.ts';
import { complain } from '../complain.ts';
import { conduct } from '../conduct.ts';
import { type Dialled, dial } from '../egress/dial.ts';
import type { ConnectionFacts, Line } from '../exchange.ts';
import type { House } from '../house.ts';
import type { ParsedRequest } from '../wire/head.ts';
import { within } from '../wire/patience.ts';
import { upstreamWire, Wire } from '../wire/wire.ts';
import { dialTcp, type Target } from './aim.ts';
import { begin } from './begin.ts';
import { explainFailure } from './distrust.ts';
import { plainReply } from './error-reply.ts';
import { type Http1Aim, linger, serveHttp1 } from './h1.ts';
import type { Http1Origin } from './h1-line.ts';
import { serveHttp2 } from './h2.ts';
import { type ClientHello, readHello } from './hello.ts';
import { insideTarget } from './inside.ts';

/** Serves an intercepted tunnel to its end. `raw` still carries the client's bytes through `client`. */
export async function unwrap(house: House, client: Wire, raw: Socket, target: Target, provider: Provider): Promise<void> {
  const gone = new AbortController();
  client.onLeave = () => gone.abort(CLIENT_GONE);
  let hello: ClientHello | undefined;
  try {
    // Its bytes stay in the wire's queue: the TLS layer reads them again.
    hello = await begin(client, house.options.limits().headMs, readHello);
  } catch (thrown) {
    client.write(plainReply(asFault(thrown)));
    return linger(client, 1000);
  }
  // Copilot opens a probe tunnel and closes it without a word: nothing is wrong, and upstream need not know.
  if (!hello) return client.destroy();
  const upstream = await reach(house, target, hello, gone.signal);
  if (gone.signal.aborted || raw.destroyed) {
    if (!(upstream instanceof Fault)) upstream.socket.destroy();
    return client.destroy();
  }
  client.onLeave = undefined;
  const rest = client.release();
  raw.unshift(rest);
  const alpn = upstream instanceof Fault ? fallbackAlpn(hello) : upstream.alpn;
  let inner: TLSSocket;
  try {
    inner = await finish(house, raw, target, alpn);
  } catch (thrown) {
    if (!(upstream instanceof Fault)) upstream.socket.destroy();
    explainFailure(house, { host: target.authority.host, ja4: hello.ja4 }, thrown, true);
    raw.destroy();
    return;
  }
  await serve(house, inner, raw, target, provider, hello, upstream);
}

/** A dialled upstream leg and the TCP socket under it. */
interface Reached extends Dialled {
  readonly carrier: Socket;
}

/** `anew`: a later connection of the same tunnel, whose name is looked up and checked again. */
async function reach(house: House, target: Target, hello: ClientHello, signal: AbortSignal, anew = false): Promise<Reached | Fault> {
  try {
    // A hello for another name gets no upstream connection at all; the first request is told why.
    if (hello.sni !== undefined && hello.sni !== target.authority.host) {
      throw new Fault('misdirected', 'the TLS server name is not the CONNECT host');
    }
    const { authority } = target;
    const settings = house.options.policy().flowFor(authority);
    return await house.way(`${authority.host}:${authority.port}`, settings, async () => {
      const { connectMs } = house.options.limits();
      const carrier = await dialTcp(house, target, signal, anew);
      const dialled = await dial({ socket: carrier, authority, hello, trust: house.options.trust, timeoutMs: connectMs, signal });
      return { ...dialled, carrier };
    });
  } catch (thrown) {
    const fault = asFault(thrown);
    complain(house.log, { host: target.authority.host }, fault);
    return fault;
  }
}

function fallbackAlpn(hello: ClientHello): 'h2' | 'http/1.1' | undefined {
  if (hello.alpn.length === 0) return undefined;
  return hello.alpn.includes('http/1.1') ? 'http/1.1' : hello.alpn.includes('h2') ? 'h2' : undefined;
}

const contexts = new WeakMap<Leaf, SecureContext>();

function contextOf(house: House, leaf: Leaf): SecureContext {
  let context = contexts.get(leaf);
  if (!context) {
    house.count('leaves');
    context = createSecureContext({
      key: leaf.keyPem,
      cert: leaf.certPem,
      // No roots: a server has nothing to verify, and OpenSSL would search them for our leaf's issuer in every handshake.
      ca: [],
      minVersion: 'TLSv1.2',
      ciphers:
        'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305',
      honorCipherOrder: true,
      ecdhCurve: 'X25519:P-256:P-384',
    });
    contexts.set(leaf, context);
  }
  return context;
}

/** Ends the client's handshake with the leaf for this target. Rejects as the handshake fails. */
export async function finish(house: House, raw: Socket, target: Target, alpn: string | undefined): Promise<TLSSocket> {
  const leaf = await house.options.certs().leafFor(target.authority);
  const socket = new TLSSocket(raw, {
    isServer: true,
    secureContext: contextOf(house, leaf),
    ...(alpn === undefined ? {} : { ALPNProtocols: [alpn] }),
  });
  // It may have closed while the leaf was made.
  if (house.sockets.has(raw)) house.sockets.set(raw, socket);
  const wait = new Promise<TLSSocket>((resolve, reject) => {
    const onFail = (cause?: Error) => {
      stop();
      socket.on('error', () => undefined);
      reject(cause ?? new Fault('client-gone'));
    };
    const onSecure = () => {
      stop();
      // A server-side TLSSocket made by hand never takes this back, and HTTP/2 would wait for it for ever.
      (socket as TLSSocket & { secureConnecting: boolean }).secureConnecting = false;
      resolve(socket);
    };
    // A FIN in mid-handshake is heard of only by reading.
    const onReadable = () => void socket.read(0);
    const onEnd = () => onFail();
    const stop = () => {
      socket.off('secure', onSecure);
      socket.off('error', onFail);
      socket.off('close', onEnd);
      socket.off('end', onEnd);
      socket.off('readable', onReadable);
    };
    socket.once('secure', onSecure);
    socket.once('error', onFail);
    socket.once('close', onEnd);
    socket.once('end', onEnd);
    socket.on('readable', onReadable);
  });
  try {
    return await within(wait, house.options.limits().headMs, 'client-slow', 'TLS handshake');
  } catch (thrown) {
    socket.destroy();
    throw thrown;
  }
}

async function serve(
  house: House,
  inner: TLSSocket,
  raw: Socket,
  target: Target,
  provider: Provider,
  hello: ClientHello,
  upstream: Reached | Fault,
): Promise<void> {
  const { authority } = target;
  const dialled = upstream instanceof Fault ? undefined : upstream;
  if (target.guest.marks) target.guest.marks.unwrap = performance.now();
  const connection: ConnectionFacts = {
    ...target.guest,
    authority,
    scheme: 'https',
    sni: hello.sni,
    equality: dialled?.equality.grade ?? 'none',
    tls: dialled && { ...dialled.equality, alpn: dialled.alpn, version: dialled.version },
  };
  // In TLS 1.3 a client's alert comes when the handshake has ended for us.
  inner.on('error', (cause) => explainFailure(house, { host: authority.host, ja4: hello.ja4 }, cause, false));
  const run = (line: Line, facts: ConnectionFacts) => conduct(house, line, facts, provider);
  const limits = house.options.limits();
  if (inner.alpnProtocol === 'h2') {
    const door = {
      connection,
      conduct: run,
      limits,
      onDrain: (drain: () => void) => onDrain(house, inner, drain),
    };
    return serveHttp2(inner, upstream, door);
  }
  const client = new Wire(inner, raw);
  const origin = interceptedOrigin(house, target, hello, upstream);
  onDrain(house, inner, () => {
    if (!client.onLeave) client.end();
  });
  const aim = (parsed: ParsedRequest): Http1Aim => ({ head: insideTarget(parsed, authority), connection, origin });
  await serveHttp1(client, { aim, conduct: run, dialect: provider.fallback, draining: house.draining, limits });
  origin.drop('close');
}

function onDrain(house: House, socket: TLSSocket, drain: () => void): void {
  house.drains.add(drain);
  socket.once('close', () => house.drains.delete(drain));
}

/** The connection's own upstream wire; dialled anew with the same hello when upstream closed it while it was idle. */
function interceptedOrigin(house: House, target: Target, hello: ClientHello, first: Reached | Fault): Http1Origin {
  let wire = first instanceof Fault ? undefined : upstreamWire(first.socket, first.carrier);
  let used = false;
  return {
    async open(signal) {
      if (first instanceof Fault) throw first;
      if (wire && wire.state === 'open' && !wire.hasBytes && !wire.socket.destroyed) {
        const reused = used;
        used = true;
        return { wire, reused };
      }
      wire?.destroy();
      const again = await reach(house, target, hello, signal, true);
      if (again instanceof Fault) throw again;
      if (again.alpn !== first.alpn) {
        again.socket.destroy();
        throw new Fault('upstream-tls', 'another protocol than on the first connection');
      }
      wire = upstreamWire(again.socket, again.carrier);
      used = true;
      return { wire, reused: false };
    },
    drop(how) {
      if (how === 'cut') wire?.cut(true);
      else wire?.destroy();
      wire = undefined;
    },
  };
}
