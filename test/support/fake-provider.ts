// One TLS server that plays every AI provider at once, for any host name, over h1 and h2, SSE and WebSocket. Its answers
// follow from the question alone (provider/plan.ts), and it keeps every byte it was sent (provider/capture.ts).
// As a program: node test/support/fake-provider.ts --port 8443 --log seen.jsonl --ca-out ca.pem
import { writeFileSync } from 'node:fs';
import { createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import { parseArgs } from 'node:util';
import { ByteReader } from './byte-reader.ts';
import { makeTestAuthority, type TestAuthority } from './certificates.ts';
import { headBytes, headerOf, readRequest, type WireRequest } from './http1.ts';
import { Capture, type SeenConnection, type SeenRequest } from './provider/capture.ts';
import { tryParse } from './provider/json.ts';
import { type Coding, http1Wire, http2Wire, Reply } from './provider/reply.ts';
import { answerRequest, isModelRequest, type ProviderState, responseEvents } from './provider/routes.ts';
import { startListener } from './tls-listener.ts';
import { acceptValue, deflateTerms, WebSocketPeer } from './websocket.ts';

export interface FakeProviderOptions {
  readonly authority?: TestAuthority;
  readonly port?: number;
  /** Protocols offered; `['http/1.1']` turns h2 off. */
  readonly alpn?: readonly string[];
  /** `false`: every upgrade is answered 404. */
  readonly webSocket?: boolean;
  /** Accept permessage-deflate when offered. */
  readonly deflate?: boolean;
  /** Say in h2 SETTINGS that WebSockets are welcome (RFC 8441). */
  readonly webSocketOverH2?: boolean;
  /** Compress replies, if the client accepts that coding. */
  readonly compress?: Coding;
  /** UTF-16 units in one streamed piece. Default 7. */
  readonly deltaChars?: number;
  /** This many model requests are answered 529 first. */
  readonly failFirst?: number;
  /** Asked for each model request, upgrades included: the status to refuse it with, and the fields of that. */
  readonly refuse?: () => { readonly status: number; readonly headers?: readonly string[] } | undefined;
  /** JSON lines of everything seen. */
  readonly logFile?: string;
  /** Answers instead of the usual routes when it returns true. */
  readonly override?: (request: SeenRequest, reply: Reply, stream: Duplex) => boolean | Promise<boolean>;
}

export interface FakeProvider {
  readonly host: string;
  readonly port: number;
  readonly authority: TestAuthority;
  readonly capture: Capture;
  /** Requests that asked a model, WebSocket upgrades of Responses included. */
  modelRequests(): SeenRequest[];
  close(): Promise<void>;
}

const FOREVER_MS = 3_600_000;

/** Starts a provider on loopback. */
export async function startFakeProvider(options: FakeProviderOptions = {}): Promise<FakeProvider> {
  const authority = options.authority ?? makeTestAuthority();
  const capture = new Capture(options.logFile);
  let counter = 0;
  const state: ProviderState = {
    memory: new Map(),
    id: () => `test${String(++counter).padStart(6, '0')}`,
    deltaChars: options.deltaChars ?? 7,
  };
  let failuresLeft = options.failFirst ?? 0;

  const answer = async (request: SeenRequest, reply: Reply, stream: Duplex) => {
    const refusal = isModelRequest(request) ? options.refuse?.() : undefined;
    if (refusal) reply.json(refusal.status, refusalBody(refusal.status), [...(refusal.headers ?? [])]);
    else if (isModelRequest(request) && failuresLeft > 0) {
      failuresLeft--;
      reply.json(529, { type: 'error', error: { type: 'overloaded_error', message: 'test: overloaded' } }, ['retry-after', '1']);
    } else if (!(await options.override?.(request, reply, stream))) await answerRequest(request, reply, state);
    capture.answered(request, reply.status);
  };
  const coding = (headers: readonly string[]): Coding | undefined => {
    const accepted = headerOf({ headers }, 'accept-encoding')
      ?.split(',')
      .map((c) => c.trim());
    return options.compress && accepted?.includes(options.compress) ? options.compress : undefined;
  };

  const serveH1 = async (stream: Duplex, connection: SeenConnection) => {
    const reader = new ByteReader(stream, { waitMs: FOREVER_MS, keep: false });
    for (;;) {
      const wire = await readRequest(reader, (head) => {
        if (headerOf(head, 'expect')?.toLowerCase() === '100-continue') stream.write('HTTP/1.1 100 Continue\r\n\r\n');
      });
      if (!wire) return stream.end();
      const upgrade = headerOf(wire, 'upgrade')?.toLowerCase() === 'websocket';
      const request = capture.request(h1Facts(wire, connection, upgrade));
      const refusal = upgrade && request.path.endsWith('/responses') ? options.refuse?.() : undefined;
      if (refusal) {
        new Reply(http1Wire(stream), undefined).json(refusal.status, refusalBody(refusal.status), [...(refusal.headers ?? [])]);
        capture.answered(request, refusal.status);
        continue;
      }
      if (upgrade && options.webSocket !== false && request.path.endsWith('/responses')) {
        reader.detach();
        const terms = options.deflate ? deflateTerms(headerOf(wire, 'sec-websocket-extensions')) : undefined;
        const accept = [
          'Upgrade',
          'websocket',
          'Connection',
          'Upgrade',
          'Sec-WebSocket-Accept',
          acceptValue(headerOf(wire, 'sec-websocket-key') ?? ''),
        ];
        stream.write(
          headBytes('HTTP/1.1 101 Switching Protocols', terms ? [...accept, 'Sec-WebSocket-Extensions', 'permessage-deflate'] : accept),
        );
        capture.answered(request, 101);
        return serveWebSocket(new WebSocketPeer(stream, 'server', terms), request);
      }
      await answer(request, new Reply(http1Wire(stream), coding(wire.headers)), stream);
      if (headerOf(wire, 'connection')?.toLowerCase() === 'close') return stream.end();
      if (stream.destroyed) return;
    }
  };

  const serveWebSocket = async (peer: WebSocketPeer, request: SeenRequest) => {
    for (;;) {
      const event = await peer.next(FOREVER_MS);
      if (event.kind === 'close' || event.kind === 'cut') return;
      capture.message(request, event.text, event.compressed);
      const body = tryParse(event.text) as { type?: string } | undefined;
      if (body?.type !== 'response.create') continue;
      for (const e of responseEvents(body, state).events) await peer.send(JSON.stringify(e.data));
    }
  };

  const h2 = createServer({ settings: options.webSocketOverH2 ? { enableConnectProtocol: true } : {} });
  const h2Connections = new WeakMap<object, SeenConnection>();
  let connecting: SeenConnection | undefined;
  h2.on('session', (session: ServerHttp2Session) => {
    const connection = connecting!;
    h2Connections.set(session, connection);
    session.on('error', () => {});
    session.on('remoteSettings', (settings) => {
      connection.h2Settings = settings;
    });
  });
  h2.on('sessionError', () => {});
  h2.on('stream', (stream: ServerHttp2Stream, headers, _flags, raw) => {
    stream.on('error', () => {});
    const connection = h2Connections.get(stream.session!)!;
    const head = raw as unknown as string[];
    const facts = {
      connection,
      headers: head,
      rawHead: undefined,
      host: `${headers[':authority'] ?? ''}`,
      method: `${headers[':method']}`,
      target: `${headers[':path']}`,
    };
    if (headers[':protocol'] === 'websocket') {
      const request = capture.request({ ...facts, protocol: 'websocket', wireBody: Buffer.alloc(0) });
      stream.respond({ ':status': 200 });
      capture.answered(request, 200);
      serveWebSocket(new WebSocketPeer(stream, 'server'), request).catch((error) => capture.failures.push(error));
      return;
    }
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      const request = capture.request({ ...facts, protocol: 'h2', wireBody: Buffer.concat(chunks) });
      answer(request, new Reply(http2Wire(stream), coding(head)), stream).catch((error) => capture.failures.push(error));
    });
  });

  const listener = await startListener({
    authority,
    alpn: options.alpn ?? ['h2', 'http/1.1'],
    ...(options.port === undefined ? {} : { port: options.port }),
    onTlsError: (code, hello) => capture.tlsErrors.push(`${hello?.serverName}: ${code}`),
    onConnection: ({ tls, hello }) => {
      const stream = tls!;
      const connection = capture.connection({ hello, alpn: stream.alpnProtocol || undefined, resumed: stream.isSessionReused() });
      if (stream.alpnProtocol === 'h2') {
        connecting = connection;
        h2.emit('connection', stream);
      } else {
        serveH1(stream, connection).catch((error) => {
          capture.failures.push(error);
          stream.destroy();
        });
      }
    },
  });
  return {
    host: listener.host,
    port: listener.port,
    authority,
    capture,
    modelRequests: () => capture.requests.filter((r) => isModelRequest(r) || (r.protocol === 'websocket' && r.path.endsWith('/responses'))),
    close: listener.close,
  };
}

function refusalBody(status: number): object {
  const type = status === 429 ? 'rate_limit_error' : 'overloaded_error';
  return { type: 'error', error: { type, message: `test: ${status}` } };
}

function h1Facts(wire: WireRequest, connection: SeenConnection, upgrade: boolean) {
  return {
    connection,
    protocol: upgrade ? ('websocket' as const) : ('http/1.1' as const),
    host: headerOf(wire, 'host') ?? '',
    method: wire.method,
    target: wire.target,
    headers: wire.headers,
    rawHead: wire.head,
    wireBody: wire.body,
  };
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '8443' },
      log: { type: 'string' },
      'ca-out': { type: 'string' },
      'h1-only': { type: 'boolean' },
      'no-websocket': { type: 'boolean' },
      deflate: { type: 'boolean' },
      compress: { type: 'string' },
    },
  });
  const provider = await startFakeProvider({
    port: Number(values.port),
    webSocket: !values['no-websocket'],
    deflate: values.deflate ?? false,
    ...(values['h1-only'] ? { alpn: ['http/1.1'] } : {}),
    ...(values.log ? { logFile: values.log } : {}),
    ...(values.compress ? { compress: values.compress as Coding } : {}),
  });
  if (values['ca-out']) writeFileSync(values['ca-out'], provider.authority.pem);
  console.log(`fake provider on 127.0.0.1:${provider.port}`);
  const stop = () => void provider.close();
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}
