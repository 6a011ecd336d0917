// What a trace says of an exchange: a span with a child for each phase, linked to the span of its connection; the names of attributes are
// OpenTelemetry's. Must not say more than the record does: no path, no header, nothing of a body.
import type { Attributes, Context, HrTime, Link, SpanContext, SpanOptions, Tracer } from '@opentelemetry/api';
import type { ExchangeRecord } from '../../exchange-record.ts';
import { allValues } from '../../headers.ts';
import type { ConnectionMarks, Exchange } from '../exchange.ts';
import { phaseSpans } from './phases.ts';

type Api = typeof import('@opentelemetry/api');

/** Makes the spans of exchanges that have ended. */
export function spanWriter(api: Api, tracer: Tracer): (x: Exchange, record: ExchangeRecord) => void {
  const { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } = api;
  const connections = new WeakMap<ConnectionMarks, SpanContext>();

  const child = (parent: Context, name: string, from: HrTime, to: HrTime) => tracer.startSpan(name, { startTime: from }, parent).end(to);

  /** The connection's own span, made with its first exchange. */
  const connectionOf = (x: Exchange, at: (ms: number) => HrTime): SpanContext | undefined => {
    const { marks } = x.connection;
    if (!marks) return undefined;
    const known = connections.get(marks);
    if (known) return known;
    const { openedAt, accept = openedAt, aim = accept, unwrap } = marks;
    const span = tracer.startSpan(
      'connection',
      { kind: SpanKind.SERVER, startTime: at(openedAt), attributes: connectionAttributes(x) },
      ROOT_CONTEXT,
    );
    const parent = trace.setSpan(ROOT_CONTEXT, span);
    child(parent, 'accept', at(openedAt), at(accept));
    child(parent, 'aim', at(accept), at(aim));
    if (unwrap !== undefined) child(parent, 'unwrap', at(aim), at(unwrap));
    span.end(at(unwrap ?? aim));
    connections.set(marks, span.spanContext());
    return span.spanContext();
  };

  return (x, record) => {
    const at = (ms: number): HrTime => hrTime(x.startedAtMs + ms - x.t0);
    const end = x.t0 + record.durationMs;
    const connection = connectionOf(x, at);
    const options: SpanOptions & { readonly links: Link[] } = {
      kind: SpanKind.SERVER,
      startTime: at(x.t0),
      attributes: exchangeAttributes(x, record),
      links: connection ? [{ context: connection }] : [],
    };
    const span = tracer.startSpan(nameOf(x, record), options, clientContext(api, x));
    const parent = trace.setSpan(ROOT_CONTEXT, span);
    for (const { phase, from, to } of phaseSpans(x, end)) child(parent, phase, at(from), at(to));
    if (x.notes.marks.reply !== undefined) span.addEvent('reply head', at(x.notes.marks.reply));
    const now = at(Math.max(end, performance.now()));
    child(parent, 'record', at(end), now);
    if (record.fault !== undefined || record.status >= 500)
      span.setStatus({ code: SpanStatusCode.ERROR, message: record.fault ?? String(record.status) });
    span.end(now);
  };
}

/** Seconds and nanoseconds of a wall clock in ms. */
function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.floor((ms - seconds * 1000) * 1e6)];
}

/** W3C Trace Context, section 3.2. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-|$)/;

/** A client that is traced is what the exchange is part of. Its header is read only: it leaves as it came. */
function clientContext({ ROOT_CONTEXT, isSpanContextValid, trace }: Api, { line }: Exchange): Context {
  const given = allValues(line.head.headers, 'traceparent');
  const [, traceId = '', spanId = '', flags = ''] = (given.length === 1 && TRACEPARENT.exec(given[0]!)) || [];
  const context: SpanContext = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true };
  return context.traceFlags === 1 && isSpanContextValid(context) ? trace.setSpanContext(ROOT_CONTEXT, context) : ROOT_CONTEXT;
}

function nameOf(x: Exchange, record: ExchangeRecord): string {
  const operation = operationOf(x);
  return operation === undefined ? [method(record), record.endpoint].join(' ').trim() : [operation, record.model].join(' ').trim();
}

/** By the conventions of generative AI, where a model is called. */
function operationOf({ route }: Exchange): string | undefined {
  if (route?.endpoint?.kind !== 'model') return undefined;
  return route.dialect.name === 'gemini' ? 'generate_content' : 'chat';
}

const METHODS = new Set(['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE']);

function method(record: ExchangeRecord): string {
  return METHODS.has(record.method) ? record.method : '_OTHER';
}

function exchangeAttributes(x: Exchange, record: ExchangeRecord): Attributes {
  const operation = operationOf(x);
  const attributes: Attributes = {
    'http.request.method': method(record),
    'url.scheme': record.scheme,
    'server.address': record.host,
    'server.port': record.port,
    'network.protocol.name': record.protocol === 'websocket' ? 'websocket' : 'http',
    'network.protocol.version': x.line.protocol === 'h2' ? '2' : '1.1',
    'http.request.body.size': record.requestBytes,
    'http.response.body.size': record.replyBytes,
    'sallyport.exchange.id': record.id,
    'sallyport.verdict': record.verdict,
    'sallyport.masked': Object.values(record.edits).reduce((sum, count) => sum + count, 0),
    'sallyport.restored': record.restored,
  };
  if (record.status > 0) attributes['http.response.status_code'] = record.status;
  if (record.fault !== undefined) attributes['error.type'] = record.fault;
  else if (record.status >= 500) attributes['error.type'] = String(record.status);
  if (record.client !== '') attributes['user_agent.name'] = record.client;
  if (record.clientVersion !== '') attributes['user_agent.version'] = record.clientVersion;
  if (record.endpoint !== '') attributes['sallyport.endpoint'] = record.endpoint;
  if (operation === undefined) return attributes;
  const { provider } = x.route!;
  attributes['gen_ai.operation.name'] = operation;
  attributes['gen_ai.provider.name'] = provider.semconvName ?? provider.name;
  if (record.model !== '') attributes[x.notes.askedModel === '' ? 'gen_ai.response.model' : 'gen_ai.request.model'] = record.model;
  if (record.tokensIn !== undefined) attributes['gen_ai.usage.input_tokens'] = record.tokensIn;
  if (record.tokensOut !== undefined) attributes['gen_ai.usage.output_tokens'] = record.tokensOut;
  return attributes;
}

function connectionAttributes({ connection: { authority, equality, tls } }: Exchange): Attributes {
  const attributes: Attributes = {
    'network.transport': 'tcp',
    'server.address': authority.host,
    'server.port': authority.port,
    'sallyport.equality': equality,
  };
  if (tls) {
    attributes['tls.protocol.version'] = tls.version.replace(/^TLSv/, '');
    if (tls.alpn !== undefined) attributes['tls.next_protocol'] = tls.alpn;
  }
  return attributes;
}
