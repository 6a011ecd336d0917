// Our own replies: faults worded in the provider's shape inside a tunnel, and in plain text on the proxy port itself.
// Nothing internal goes on the wire: it must not know what caused a fault.
import { STATUS_CODES } from 'node:http';
import type { Fault } from '../../fault.ts';
import type { RawHeaders } from '../../headers.ts';
import type { Dialect } from '../../rules/provider.ts';
import { renderHead } from '../wire/head.ts';

const CHALLENGE = 'Basic realm="sallyport"';

/** Status, fields (lower case, without framing fields) and body of a fault, for any protocol. */
export function errorReply(
  fault: Fault,
  dialect: Dialect,
  id: string,
): { readonly status: number; readonly headers: RawHeaders; readonly body: Buffer } {
  const { contentType, body } = dialect.errorBody(fault, id);
  const headers = ['content-type', contentType, 'x-sallyport-fault', fault.code];
  if (fault.code === 'proxy-auth') headers.push('proxy-authenticate', CHALLENGE);
  if (fault.retryAfterSeconds !== undefined) headers.push('retry-after', String(fault.retryAfterSeconds));
  const status = fault.code === 'breaker-open' ? (dialect.overloadStatus ?? fault.status) : fault.status;
  return { status, headers, body: Buffer.from(body) };
}

/** The same as HTTP/1.1 bytes; the connection closes behind it. */
export function errorHead(
  fault: Fault,
  dialect: Dialect,
  id: string,
): { readonly status: number; readonly head: Buffer; readonly body: Buffer } {
  const reply = errorReply(fault, dialect, id);
  const headers = [...reply.headers, 'content-length', String(reply.body.length), 'connection', 'close'];
  const head = renderHead(`HTTP/1.1 ${reply.status} ${STATUS_CODES[reply.status] ?? 'Error'}`, headers);
  return { status: reply.status, head, body: reply.body };
}

/** A fault on the proxy port itself (CONNECT, absolute-form): one line of text. */
export function plainReply(fault: Fault): Buffer {
  const body = `${fault.message} [${fault.code}]\n`;
  const headers = ['Content-Type', 'text/plain; charset=utf-8', 'Content-Length', String(Buffer.byteLength(body)), 'Connection', 'close'];
  if (fault.code === 'proxy-auth') headers.push('Proxy-Authenticate', CHALLENGE);
  if (fault.retryAfterSeconds !== undefined) headers.push('Retry-After', String(fault.retryAfterSeconds));
  return Buffer.concat([renderHead(`HTTP/1.1 ${fault.status} ${STATUS_CODES[fault.status] ?? 'Error'}`, headers), Buffer.from(body)]);
}
