// Serves HTTP/2 on a client's TLS socket, with one upstream session of its own behind it. The upstream session starts with
// the client's SETTINGS; the client gets upstream's. What an exchange does is conduct's business.
import * as http2 from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { Fault } from '../../fault.ts';
import type { ConnectionFacts, Line } from '../exchange.ts';
import { MAX_FIELDS } from '../wire/field.ts';
import { MAX_HEAD_BYTES } from '../wire/head.ts';
import { within } from '../wire/patience.ts';
import { resetConnection } from '../wire/reset.ts';
import { openHttp2Budget } from './h2-budget.ts';
import { Http2Line, type Http2Origin } from './h2-line.ts';
import { type ClientPreface, mirroredSettings, parsePreface, sentSettings, settingsForClient } from './h2-settings.ts';

/** What serveHttp2 is told about the connection it serves. */
export interface Http2Door {
  readonly connection: ConnectionFacts;
  conduct(line: Line, connection: ConnectionFacts): Promise<void>;
  readonly limits: { readonly headMs: number; readonly idleMs: number; readonly connectMs: number };
  /** Called with a function that ends the connection gracefully, when draining starts. */
  readonly onDrain: (drain: () => void) => void;
}

/** As much as HTTP/1 heads may hold, in both directions; 16 pseudo-fields on top. */
const HEADS = {
  maxHeaderListPairs: MAX_FIELDS + 16,
  maxSendHeaderBlockLength: MAX_HEAD_BYTES,
  // Doubled fields are the sender's business and pass as they came. (The types know this for servers only.)
  strictSingleValueFields: false,
};

/** A dialled upstream leg: the TLS socket and the TCP socket under it. */
export interface Http2Upstream {
  readonly socket: TLSSocket;
  readonly carrier: Socket;
}

/** Serves until the session closes. `upstream` is the dialled leg, or the Fault every request is answered with. Resolves when both sessions are gone. */
export async function serveHttp2(client: TLSSocket, upstream: Http2Upstream | Fault, door: Http2Door): Promise<void> {
  // An HTTP/2 session has no use for a half-open connection, and node:http2 does not hear of a FIN on one.
  client.allowHalfOpen = false;
  if (!(upstream instanceof Fault)) upstream.socket.allowHalfOpen = false;
  let behind: http2.ClientHttp2Session | undefined;
  let { connection } = door;
  let settings: http2.Settings = { maxConcurrentStreams: 100 };
  let origin: Http2Origin = () => {
    throw upstream instanceof Fault ? upstream : new Fault('upstream-cut', 'the session has ended');
  };
  try {
    const preface = await readPreface(client, door.limits.headMs);
    connection = {
      ...connection,
      h2: { client: preface.settings, upstream: sentSettings(preface.settings), windowIncrement: preface.windowIncrement },
    };
    if (!(upstream instanceof Fault)) {
      behind = openSession(upstream.socket, door.connection.authority.host, preface);
      try {
        settings = settingsForClient(await within(settled(behind), door.limits.connectMs, 'upstream-silent', 'no SETTINGS'));
        origin = originOf(behind, mirroredSettings(preface.settings));
      } catch (thrown) {
        const fault = thrown instanceof Fault ? thrown : new Fault('upstream-protocol', 'no HTTP/2 session', { cause: thrown });
        origin = () => {
          throw fault;
        };
      }
    }
  } catch {
    // No preface in time, or none at all: there is no protocol to say so in.
    client.destroy();
    if (!(upstream instanceof Fault)) upstream.socket.destroy();
    return;
  }
  const cutUpstream = () => {
    if (!(upstream instanceof Fault)) resetConnection(upstream.socket, upstream.carrier);
  };
  await serveSession(client, behind, cutUpstream, settings, origin, { ...door, connection });
}

function serveSession(
  client: TLSSocket,
  behind: http2.ClientHttp2Session | undefined,
  cutUpstream: () => void,
  settings: http2.Settings,
  origin: Http2Origin,
  door: Http2Door,
): Promise<void> {
  inOnePiece(client);
  const session = http2.performServerHandshake(client, { settings, ...HEADS });
  let streams = 0;
  session.on('stream', (stream, headers, flags, raw) => {
    stream.on('error', () => undefined);
    streams++;
    stream.once('close', () => {
      streams--;
      if (streams === 0 && (!behind || behind.closed || behind.destroyed)) session.close();
    });
    const sensitive = ((headers as Record<symbol, unknown>)[http2.sensitiveHeaders] as string[] | undefined) ?? [];
    const endsStream = (flags & http2.constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    const line = new Http2Line(stream, raw as unknown as string[], sensitive, endsStream, origin, {
      bodyMs: 2 * door.limits.headMs,
      idleMs: door.limits.idleMs,
    });
    stream.once('close', () => {
      // The client has left with exchanges open: a polite end would let upstream work on.
      if (session.destroyed && line.signal.aborted) cutUpstream();
    });
    void door.conduct(line, door.connection);
  });
  session.on('error', () => undefined);
  const first = setTimeout(() => session.destroy(), door.limits.headMs);
  session.once('stream', () => clearTimeout(first));
  session.setTimeout(door.limits.idleMs, () => {
    if (streams === 0) session.close();
  });
  door.onDrain(() => {
    session.close();
  });
  behind?.on('goaway', (code) => {
    // The client opens its next streams on a new connection, as it would have done without us.
    if (!session.destroyed) session.goaway(code);
    if (streams === 0) session.close();
  });
  behind?.on('close', () => session.close());
  return new Promise((resolve) => {
    session.once('close', () => {
      clearTimeout(first);
      behind?.destroy();
      client.destroy();
      resolve();
    });
  });
}

function originOf(session: http2.ClientHttp2Session, { initialWindowSize = 0 }: http2.Settings): Http2Origin {
  const budget = openHttp2Budget(session, initialWindowSize);
  return (head, options) => {
    if (session.closed || session.destroyed) throw new Fault('upstream-cut', 'the session has ended');
    return budget.watch(session.request(head, options));
  };
}

function openSession(socket: TLSSocket, host: string, preface: ClientPreface): http2.ClientHttp2Session {
  const options = {
    createConnection: () => socket,
    settings: mirroredSettings(preface.settings),
    ...HEADS,
  };
  inOnePiece(socket);
  const session = http2.connect(`https://${host}`, options);
  session.on('error', () => undefined);
  // Server push was never asked for by any of the clients; a pushed stream is refused (RFC 9113 8.4).
  session.on('stream', (stream) => {
    // A stream closed with an error code emits one, and nobody else listens to this stream.
    stream.on('error', () => undefined);
    stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
  });
  // A window past the most there is (RFC 9113 6.9.1) is the client's fault, and its own session says so.
  const window = Math.min(65_535 + preface.windowIncrement, 2 ** 31 - 1);
  if (preface.windowIncrement > 0) session.once('connect', () => session.destroyed || session.setLocalWindowSize(window));
  return session;
}

/**
 * Joins what the socket holds unread. node:http2 feeds it to a new session piece by piece and does not look whether the session outlived the
 * piece before: a TypeError out of its core that ends the process (Node 26).
 */
function inOnePiece(socket: TLSSocket): void {
  if (socket.readableLength > 0) socket.unshift(socket.read(socket.readableLength));
}

function settled(session: http2.ClientHttp2Session): Promise<http2.Settings> {
  return new Promise((resolve, reject) => {
    session.once('remoteSettings', resolve);
    session.once('error', reject);
    session.once('close', () => reject(new Fault('upstream-cut', 'before its SETTINGS')));
  });
}

async function readPreface(client: TLSSocket, ms: number): Promise<ClientPreface> {
  let bytes = Buffer.alloc(0);
  const wait = new Promise<ClientPreface>((resolve, reject) => {
    const onData = (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      try {
        const preface = parsePreface(bytes);
        if (!preface) return;
        client.pause();
        stop();
        resolve(preface);
      } catch (thrown) {
        stop();
        reject(thrown);
      }
    };
    const onEnd = () => {
      stop();
      reject(new Fault('client-gone'));
    };
    const stop = () => {
      client.off('data', onData);
      client.off('end', onEnd);
      client.off('close', onEnd);
    };
    client.on('data', onData);
    client.on('end', onEnd);
    client.on('close', onEnd);
  });
  const preface = await within(wait, ms, 'client-slow');
  client.unshift(bytes);
  return preface;
}
