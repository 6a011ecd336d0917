// A server of secrets on loopback that answers what a test says: any status, nothing at all, half of an answer, or far too much.
// The protocols of the vendors are in secret-stores.ts.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';
import { onTestFinished } from 'vitest';
import type { TestAuthority } from './certificates.ts';
import { eventually } from './eventually.ts';

/** A question as it came in. */
export interface SecretQuestion {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: IncomingMessage['headers'];
  /** Names and values as received. */
  readonly rawHeaders: readonly string[];
  readonly body: string;
  /** As the hello named it; nothing without TLS or without a name. */
  readonly serverName: string | false | null;
}

/** 'silent' never answers, 'cut' ends in the middle, 'huge' is 2 MiB of it, 'text' is no JSON. */
export type SecretReply =
  | { readonly status?: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: unknown }
  | 'silent'
  | 'cut'
  | 'huge'
  | 'text';

export interface SecretServer {
  /** `http://` or `https://`, with the port, without a slash at the end. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly questions: readonly SecretQuestion[];
  /** Resolves when no connection is open. */
  idle(): Promise<void>;
  /** Resolves when so many questions have come in. */
  asked(count: number): Promise<void>;
  /** Resolves when so many askers have gone without an answer. */
  left(count: number): Promise<void>;
}

/** Listens until the test ends; over TLS, for every name, where an authority is given. */
export async function startSecretServer(
  answer: (question: SecretQuestion) => SecretReply,
  authority?: TestAuthority,
): Promise<SecretServer> {
  const questions: SecretQuestion[] = [];
  let gone = 0;
  const listener: RequestListener = async (request, reply) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const { method = '', url: target = '', headers, rawHeaders } = request;
    const question = {
      method,
      target,
      headers,
      rawHeaders,
      body: Buffer.concat(pieces).toString(),
      serverName: request.socket instanceof TLSSocket && request.socket.servername,
    };
    questions.push(question);
    reply.once('close', () => (reply.writableFinished ? undefined : gone++));
    send(reply, answer(question));
  };
  const tls = authority && {
    ...authority.leaf('127.0.0.1'),
    SNICallback: (name: string, done: (error: null, context: ReturnType<TestAuthority['context']>) => void) =>
      done(null, authority.context(name)),
  };
  const server = tls ? createTlsServer(tls, listener) : createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    host: '127.0.0.1',
    port,
    questions,
    idle: () =>
      eventually(async () => {
        const open = await new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)));
        check(open === 0, `${open} connections are open`);
      }),
    asked: (count) => eventually(() => check(questions.length >= count, `${questions.length} questions`)),
    left: (count) => eventually(() => check(gone >= count, `${gone} have gone`)),
  };
}

function send(reply: ServerResponse, answer: SecretReply): void {
  if (answer === 'silent') return;
  if (answer === 'cut') {
    reply.writeHead(200, { 'content-type': 'application/json', 'content-length': 1000 });
    reply.write('{"data":', () => reply.destroy());
  } else if (answer === 'huge') reply.end(JSON.stringify({ padding: 'x'.repeat(2 * 1024 * 1024) }));
  else if (answer === 'text') reply.end('<html>sk-value-0123456789</html>');
  else {
    const { status = 200, headers = {}, body } = answer;
    reply.writeHead(status, { 'content-type': 'application/json', ...headers });
    reply.end(typeof body === 'string' ? body : JSON.stringify(body));
  }
}

function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}
