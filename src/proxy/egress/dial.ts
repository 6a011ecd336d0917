// The TLS leg towards upstream, on a TCP connection somebody else made: the client's own hello mirrored, the certificate always
// verified, before a byte of the request is sent. There is no way to ask for less. Must not know about HTTP, nor what to send.
import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import tls from 'node:tls';
import type { Authority } from '../../authority.ts';
import { Fault } from '../../fault.ts';
import type { ClientHello } from '../ingress/hello.ts';
import { type CheckedChain, checkChain } from './chain.ts';
import { compareHellos, type Equality, fingerprint } from './fingerprint.ts';
import { handshakeFault } from './handshake-fault.ts';
import { type Mirror, nativeEngine, openMirror, type Prepared, SPOKEN } from './mirror.ts';
import { checkStaple } from './staple.ts';
import type { Trust } from './trust.ts';

/** What dial needs. */
export interface DialOptions {
  /** TCP, connected. It belongs to dial from here on: whatever happens it is closed or lives on inside the result. */
  readonly socket: Socket;
  /** The name that is sent (unless it is an address), and that the certificate must bear. */
  readonly authority: Authority;
  /** The client's hello; without one Node's own is sent, offering http/1.1. */
  readonly hello: ClientHello | undefined;
  readonly trust: Trust;
  /** Limit for the whole handshake, ms. Default 10 000. */
  readonly timeoutMs?: number;
  /** Ends the attempt at once. */
  readonly signal?: AbortSignal;
  /** Default: one for each Trust, with the engine of this machine. */
  readonly mirror?: Mirror;
}

/** A finished, verified handshake. */
export interface Dialled {
  /** Destroy this one, never the carrier below it. Has an 'error' listener already; 'close' tells of the end. */
  readonly socket: tls.TLSSocket;
  /** As upstream chose; undefined when its reply had none. */
  readonly alpn: 'h2' | 'http/1.1' | undefined;
  readonly version: 'TLSv1.2' | 'TLSv1.3';
  /** IANA name of the suite. */
  readonly cipher: string;
  readonly equality: Equality;
}

const mirrors = new WeakMap<Trust, Mirror>();

/**
 * Does the handshake. Rejects with Fault `upstream-untrusted` (certificate), `upstream-tls` (handshake, time-out, weak suite), or the signal's
 * Fault, else `client-gone`, when aborted; the connection is destroyed then. No session is ever resumed, so every connection is verified afresh.
 */
export async function dial(options: DialOptions): Promise<Dialled> {
  const { authority, hello, trust } = options;
  // A dead carrier would give no event at all.
  if (options.socket.destroyed) throw new Fault('upstream-tls', 'closed during the handshake');
  const prepared = (options.mirror ?? mirrorFor(trust)).prepare(hello, authority);
  const finished = handshake(options, prepared);
  // Captured while the network is at work.
  prepared.sent();
  const socket = await finished;
  try {
    return { socket, ...negotiated(socket, prepared, hello), equality: equalityOf(prepared, hello) };
  } catch (thrown) {
    socket.destroy();
    throw thrown;
  }
}

function mirrorFor(trust: Trust): Mirror {
  let mirror = mirrors.get(trust);
  if (!mirror) {
    mirror = openMirror(trust, nativeEngine);
    mirrors.set(trust, mirror);
  }
  return mirror;
}

function handshake(
  { socket: carrier, authority, trust, timeoutMs = 10_000, signal }: DialOptions,
  prepared: Prepared,
): Promise<tls.TLSSocket> {
  return new Promise((resolve, reject) => {
    let chain: CheckedChain | undefined;
    let staple: Buffer | undefined;
    const socket = tls.connect({
      ...prepared.options,
      ...(authority.kind === 'name' ? { servername: authority.host } : {}),
      socket: carrier,
      rejectUnauthorized: true,
      minDHSize: 2048,
      // Called once, after OpenSSL accepted the chain and before anything is sent; what it returns refuses the connection.
      checkServerIdentity: () => {
        try {
          const nowMs = Date.now();
          chain = checkChain(presented(socket), authority, trust, nowMs);
          checkStaple(chain, staple, nowMs);
          return undefined;
        } catch (thrown) {
          return thrown as Error;
        }
      },
    });
    // Node asks for the certificates in a form that costs a third of a millisecond to make, only to hand it to the check above.
    socket.getPeerCertificate = () => ({}) as tls.DetailedPeerCertificate;
    const settle = (fault: Fault | undefined) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      socket.off('close', closed);
      if (!fault) return resolve(socket);
      reject(fault);
      socket.destroy();
    };
    const abort = () => settle(abortFault(signal!));
    const closed = () => settle(new Fault('upstream-tls', 'closed during the handshake'));
    const timer = setTimeout(() => settle(new Fault('upstream-tls', `no handshake within ${timeoutMs / 1000} s`)), timeoutMs);
    socket.on('OCSPResponse', (response: Buffer | null) => {
      staple = response ?? undefined;
    });
    // Stays on: an error between here and the caller's own listener must not end the process.
    socket.on('error', (error) => settle(handshakeFault(error)));
    socket.once('close', closed);
    socket.once('secureConnect', () => {
      // Without a chain that passed there was no check, whatever the reason: fail closed.
      settle(socket.authorized && chain && !socket.isSessionReused() ? undefined : new Fault('upstream-untrusted', 'not verified'));
    });
    if (signal?.aborted) abort();
    else signal?.addEventListener('abort', abort, { once: true });
  });
}

/** The certificates that the upstream sent, leaf first. To be asked once for a socket: Node forgets the rest of the chain then (26.10). */
function presented(socket: tls.TLSSocket): X509Certificate[] {
  const sent: X509Certificate[] = [];
  for (let at = socket.getPeerX509Certificate(); at; at = at.issuerCertificate) sent.push(at);
  return sent;
}

function negotiated(
  socket: tls.TLSSocket,
  { lowered }: Prepared,
  hello: ClientHello | undefined,
): Pick<Dialled, 'version' | 'cipher' | 'alpn'> {
  const version = socket.getProtocol();
  if (version !== 'TLSv1.3' && version !== 'TLSv1.2') throw new Fault('upstream-tls', 'TLS version too old');
  // A client that knows only TLS 1.3 is not served over less.
  if (version === 'TLSv1.2' && hello && !hello.versions.some((v) => v < 0x0304)) throw new Fault('upstream-tls', 'TLS version too old');
  const cipher = socket.getCipher().standardName;
  if (lowered && version === 'TLSv1.2' && !/^TLS_ECDHE_(ECDSA|RSA)_WITH_(.+_GCM|.+_CCM|CHACHA20_POLY1305)(_|$)/.test(cipher)) {
    throw new Fault('upstream-tls', 'cipher suite too weak');
  }
  const chosen = socket.alpnProtocol;
  if (typeof chosen !== 'string') return { version, cipher, alpn: undefined };
  if (!SPOKEN.includes(chosen)) throw new Fault('upstream-tls', 'an application protocol that was not offered');
  return { version, cipher, alpn: chosen as 'h2' | 'http/1.1' };
}

function abortFault({ reason }: AbortSignal): Fault {
  return reason instanceof Fault ? reason : new Fault('client-gone', undefined, { cause: reason });
}

function equalityOf(prepared: Prepared, hello: ClientHello | undefined): Equality {
  const sent = prepared.sent();
  if (!sent)
    return { grade: 'none', differs: ['what was sent could not be read'], client: hello && fingerprint(hello), upstream: undefined };
  if (!hello) return { grade: 'none', differs: [], client: undefined, upstream: fingerprint(sent) };
  const equality = compareHellos(hello, sent, prepared.mirrored ? [] : ['not mirrored: sent as Node sends it']);
  return prepared.mirrored ? equality : { ...equality, grade: 'partial' };
}
