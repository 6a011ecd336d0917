// A scripted HTTP/2 upstream: keeps each session's SETTINGS and each stream's raw header pairs and body, and lets the
// test answer, reset streams, send GOAWAY or change settings through the node:http2 objects it hands out.
import {
  createServer,
  type Http2Session,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type ServerOptions,
  type Settings,
} from 'node:http2';
import type { TestAuthority } from './certificates.ts';
import type { SeenHello } from './client-hello.ts';
import { startListener } from './tls-listener.ts';

/** A call as the origin saw it. */
export interface H2Call {
  readonly session: H2OriginSession;
  readonly stream: ServerHttp2Stream;
  /** Flat raw pairs in wire order, pseudo-headers first. */
  readonly headers: readonly string[];
  /** Whole request body once it ended; what there is of it when the stream was cut. */
  readonly body: Promise<Buffer>;
  /** RST_STREAM code when the stream is over; 0 for a good end. */
  readonly over: Promise<number>;
  /** RST_STREAM in the middle of the reply. node:http2's own close() would end the stream politely first. */
  reset(how: 'internal' | 'cancel'): void;
}

/** One client session. */
export interface H2OriginSession {
  readonly session: ServerHttp2Session;
  readonly hello: SeenHello | undefined;
  /** SETTINGS of the other side, undefined until they came. */
  readonly settings: () => Settings | undefined;
  /** GOAWAY code when the other side sent one. */
  readonly goaway: () => number | undefined;
  readonly over: Promise<void>;
}

export interface H2Origin {
  readonly host: string;
  readonly port: number;
  readonly sessions: readonly H2OriginSession[];
  readonly calls: readonly H2Call[];
  readonly failures: readonly unknown[];
  close(): Promise<void>;
}

/** Starts an origin that speaks only h2. `play` runs for each stream as soon as its head is there. */
export async function startH2Origin(options: {
  readonly authority: TestAuthority;
  readonly server?: ServerOptions;
  readonly play: (call: H2Call) => unknown;
}): Promise<H2Origin> {
  const sessions: H2OriginSession[] = [];
  const calls: H2Call[] = [];
  const failures: unknown[] = [];
  const bySession = new Map<Http2Session, H2OriginSession>();
  const server = createServer(options.server ?? {});

  server.on('session', (session: ServerHttp2Session) => {
    let goaway: number | undefined;
    let settings: Settings | undefined;
    session.on('error', () => {});
    session.on('goaway', (code: number) => {
      goaway = code;
    });
    session.on('remoteSettings', (s: Settings) => {
      settings = s;
    });
    const seen: H2OriginSession = {
      session,
      hello: pendingHello,
      settings: () => settings,
      goaway: () => goaway,
      over: new Promise((resolve) => session.on('close', () => resolve())),
    };
    sessions.push(seen);
    bySession.set(session, seen);
  });
  server.on('sessionError', () => {});
  server.on('stream', (stream: ServerHttp2Stream, _headers, _flags, raw) => {
    stream.on('error', () => {});
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    const over = new Promise<number>((resolve) => stream.on('close', () => resolve(stream.rstCode ?? 0)));
    const ended = new Promise<void>((resolve) => stream.on('end', () => resolve()));
    const call: H2Call = {
      session: bySession.get(stream.session!)!,
      stream,
      headers: raw as unknown as string[],
      body: Promise.race([ended, over]).then(() => Buffer.concat(chunks)),
      over,
      reset: (how) => {
        const error = new Error('reset by the test');
        if (how === 'cancel') error.name = 'AbortError';
        stream.destroy(error);
      },
    };
    calls.push(call);
    Promise.resolve(call)
      .then(options.play)
      .catch((error) => {
        failures.push(error);
        call.reset('internal');
      });
  });

  // 'session' is emitted inside emit('connection'), so the hello of the connection at hand is known there.
  let pendingHello: SeenHello | undefined;
  const listener = await startListener({
    authority: options.authority,
    alpn: ['h2'],
    onConnection: ({ tls, hello }) => {
      pendingHello = hello;
      // As every HTTP/2 server: a connection that has ended one way has ended.
      tls!.allowHalfOpen = false;
      server.emit('connection', tls);
    },
  });
  return {
    host: listener.host,
    port: listener.port,
    sessions,
    calls,
    failures,
    close: async () => {
      for (const s of sessions) s.session.destroy();
      await listener.close();
    },
  };
}
