// Turns a client's ClientHello into TLS options that send the same one, and says what is really sent: each shape is tried once
// on a socket that leads nowhere. Without the native engine the options are Node's own. Must not know about verification results.
import { constants } from 'node:crypto';
import { Duplex } from 'node:stream';
import tls from 'node:tls';
import type { Authority } from '../../authority.ts';
import { type ClientHello, isGrease, readHello } from '../ingress/hello.ts';
import type { Trust } from './trust.ts';

/** The part of tls-impersonate that is used. */
export type MirrorEngine = Pick<typeof import('tls-impersonate'), 'impersonate'>;

/** What to connect with, and how the hello will look. */
export interface Prepared {
  /** Options for tls.connect. Shared between connections of one shape: never changed. */
  readonly options: Readonly<tls.ConnectionOptions>;
  /** The context's security level was lowered to send the signalling cipher 00ff: the caller checks what the level no longer does. */
  readonly lowered: boolean;
  /** Made from the client's hello, not Node's own. */
  readonly mirrored: boolean;
  /** The hello as it is really sent, captured once a shape; undefined when it could not be. */
  sent(): ClientHello | undefined;
}

/** Prepares connections; keeps the last shapes it made. */
export interface Mirror {
  /** For a client's hello; without one, Node's own hello offering http/1.1. Never throws for an odd hello: that one is sent as Node's own. */
  prepare(hello: ClientHello | undefined, authority: Authority): Prepared;
}

/** The protocols we can speak upstream; nothing else is offered, whatever the client's list says. */
export const SPOKEN: readonly string[] = ['h2', 'http/1.1'];

const MAX_SHAPES = 64;
const SIGNALLING_CIPHER = 0x00ff;
const TLS12 = 0x0303;
const TLS13 = 0x0304;
const EXTENSION = { status: 5, padding: 21, compress: 27, recordLimit: 28, psk: 41, earlyData: 42 } as const;
const GROUP_NAMES = new Map([
  [0x11ec, 'X25519MLKEM768'],
  [0x001d, 'X25519'],
  [0x0017, 'P-256'],
  [0x0018, 'P-384'],
  [0x0019, 'P-521'],
  [0x001e, 'X448'],
  [0x0100, 'ffdhe2048'],
  [0x0101, 'ffdhe3072'],
  [0x0102, 'ffdhe4096'],
  [0x0103, 'ffdhe6144'],
  [0x0104, 'ffdhe8192'],
]);
// A renegotiation could bring a certificate that nobody checks.
const CONTEXT_OPTIONS: tls.SecureContextOptions = { secureOptions: constants.SSL_OP_NO_RENEGOTIATION };

/** The engine of this machine; undefined where the optional package has no binary for it or Node is too old. */
export const nativeEngine: MirrorEngine | undefined = await import('tls-impersonate').then(
  (module) => (module.isSupported() ? module : undefined),
  () => undefined,
);

/** Opens a mirror over `trust`. `engine` undefined means the plain one. */
export function openMirror(trust: Trust, engine: MirrorEngine | undefined): Mirror {
  const shapes = new Map<string, Prepared>();
  let generation = trust.generation;
  return {
    prepare(hello, authority) {
      if (generation !== trust.generation) {
        shapes.clear();
        generation = trust.generation;
      }
      const key = shapeKey(hello, authority);
      const known = shapes.get(key);
      const prepared = known ?? make(trust, engine, hello, authority);
      shapes.delete(key);
      shapes.set(key, prepared);
      if (shapes.size > MAX_SHAPES) shapes.delete(shapes.keys().next().value!);
      return prepared;
    },
  };
}

/**
 * Everything that decides how our hello looks. Extensions are sorted, because OpenSSL has its own order anyway and rustls shuffles them for each
 * connection; with padding the length of the name counts too.
 */
function shapeKey(hello: ClientHello | undefined, { kind, host }: Authority): string {
  const named = kind === 'name' ? (hello?.extensions.some((e) => e.id === EXTENSION.padding) ? host.length : 1) : 0;
  if (!hello) return `plain;${named}`;
  const list = (values: readonly number[]) => values.map((v) => (isGrease(v) ? 'g' : v)).join();
  const bytes = (id: number) => hello.extensions.find((e) => e.id === id)?.raw.toString('latin1');
  return [
    named,
    list(hello.parsed.cipherSuites),
    list(hello.extensions.map((e) => e.id).sort((a, b) => a - b)),
    list(hello.groups),
    list(hello.keyShareGroups),
    list(hello.signatureAlgorithms),
    list(hello.pointFormats),
    list(hello.versions),
    JSON.stringify([spoken(hello), bytes(EXTENSION.compress), bytes(EXTENSION.recordLimit)]),
  ].join(';');
}

function spoken(hello: ClientHello): string[] {
  return hello.alpn.filter((protocol) => SPOKEN.includes(protocol));
}

function make(trust: Trust, engine: MirrorEngine | undefined, hello: ClientHello | undefined, authority: Authority): Prepared {
  const lowered = hello !== undefined && mayLower(hello);
  const base = authority.kind === 'name' ? { servername: authority.host } : {};
  let mirrored: tls.ConnectionOptions | undefined;
  if (engine && hello) {
    try {
      mirrored = trust.withRoots(() => mirrorOptions(engine, hello, lowered));
    } catch {
      // The engine throws for hellos it cannot express at all (no signature algorithms, say).
    }
  }
  const options = mirrored ?? trust.withRoots(() => plainOptions(hello));
  let sent: { readonly hello: ClientHello | undefined } | undefined;
  return {
    options,
    lowered: lowered && mirrored !== undefined,
    mirrored: mirrored !== undefined,
    sent: () => {
      sent ??= { hello: rehearse({ ...options, ...base }) };
      return sent.hello;
    },
  };
}

/** Level 0 would also let the upstream sign its handshake with SHA-1 or MD5, so the client must not offer those. */
function mayLower(hello: ClientHello): boolean {
  return hello.parsed.cipherSuites.includes(SIGNALLING_CIPHER) && !hello.signatureAlgorithms.some((s) => s >> 8 <= 2);
}

function mirrorOptions(engine: MirrorEngine, hello: ClientHello, lowered: boolean): tls.ConnectionOptions {
  const { tlsOptions } = engine.impersonate(
    {
      cipherSuites: hello.parsed.cipherSuites,
      // What resumes the client's own session cannot be said in its place.
      extensions: hello.extensions
        .filter(({ id }) => id !== EXTENSION.psk && id !== EXTENSION.earlyData)
        .map(({ id, raw }) => (id === EXTENSION.compress || id === EXTENSION.recordLimit ? { type: id, data: raw } : { type: id })),
      supportedGroups: [...hello.groups],
      signatureAlgorithms: [...hello.signatureAlgorithms],
      ecPointFormats: [...hello.pointFormats],
      alpnProtocols: spoken(hello),
    },
    { ...CONTEXT_OPTIONS, security: lowered ? 'insecure' : 'secure' },
  );
  refine(tlsOptions.secureContext, hello);
  return tlsOptions;
}

interface NativeContext {
  setECDHCurve?(groups: string): void;
  setMinProto?(version: number): void;
  setMaxProto?(version: number): void;
}

/** What the engine leaves to OpenSSL's taste: for which groups a key share is sent, and a range of versions of one only. */
function refine(secureContext: tls.SecureContext, hello: ClientHello): void {
  const context = secureContext.context as NativeContext;
  const groups = hello.groups.flatMap((id) => (GROUP_NAMES.has(id) ? [{ id, name: GROUP_NAMES.get(id)! }] : []));
  if (groups.some(({ id }) => hello.keyShareGroups.includes(id))) {
    try {
      context.setECDHCurve?.(groups.map(({ id, name }) => (hello.keyShareGroups.includes(id) ? `*${name}` : name)).join(':'));
    } catch {
      // OpenSSL before 3.5 knows no `*`; it then sends one share, for the first group, and the comparison says so.
    }
  }
  if (!hello.offersTls13) context.setMaxProto?.(TLS12);
  else if (!hello.versions.includes(TLS12)) context.setMinProto?.(TLS13);
}

function plainOptions(hello: ClientHello | undefined): tls.ConnectionOptions {
  const protocols = hello ? spoken(hello) : ['http/1.1'];
  return {
    secureContext: tls.createSecureContext({ ...CONTEXT_OPTIONS, minVersion: 'TLSv1.2' }),
    requestOCSP: true,
    ...(protocols.length > 0 ? { ALPNProtocols: protocols } : {}),
  };
}

/** Starts a handshake with nobody and reads what it sends first, which happens before tls.connect returns. */
function rehearse(options: tls.ConnectionOptions): ClientHello | undefined {
  const written: Buffer[] = [];
  const nowhere = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      written.push(chunk);
      done();
    },
  });
  const socket = tls.connect({ ...options, socket: nowhere });
  socket.on('error', () => undefined);
  socket.destroy();
  try {
    return readHello(Buffer.concat(written));
  } catch {
    return undefined;
  }
}
