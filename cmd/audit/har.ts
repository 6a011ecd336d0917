// Exchanges as an HTTP archive (HAR 1.2, http://www.softwareishard.com/blog/har-12-spec/), without headers and queries: the log has none. Bodies
// are those that were kept, masked.
// Must not invent what the log does not know: such members are empty, or -1 as the format has it.
import type { CapturedBodies, CapturedBody } from '../../src/capture.ts';
import type { ExchangeRecord } from '../../src/exchange-record.ts';
import { type AuditRow, exchangeOf } from '../../src/store/audit/entry.ts';

const NOTHING_KNOWN = { cookies: [], headers: [], headersSize: -1 };
const VERSIONS: Readonly<Record<ExchangeRecord['protocol'], string>> = { 'http/1.1': 'HTTP/1.1', h2: 'HTTP/2', websocket: 'HTTP/1.1' };

/** The bodies that were kept of an exchange. */
export type BodiesOf = (id: string) => CapturedBodies | undefined;

/** An archive of these rows, in pieces. Throws SyntaxError for a row that cannot be read. */
export function* harArchive(rows: Iterable<AuditRow>, version: string, bodiesOf: BodiesOf = () => undefined): Generator<string> {
  yield `{"log":{"version":"1.2","creator":${JSON.stringify({ name: 'sallyport', version })},"entries":[\n`;
  let gap = '';
  for (const row of rows) {
    const exchange = exchangeOf(row);
    yield gap + JSON.stringify(entry(exchange, bodiesOf(exchange.id)));
    gap = ',\n';
  }
  yield '\n]}}\n';
}

function entry(x: ExchangeRecord, bodies: CapturedBodies | undefined): object {
  const httpVersion = VERSIONS[x.protocol];
  return {
    startedDateTime: new Date(x.startedAtMs).toISOString(),
    time: x.durationMs,
    request: {
      method: x.method,
      url: urlOf(x),
      httpVersion,
      queryString: [],
      bodySize: x.requestBytes,
      ...NOTHING_KNOWN,
      ...posted(bodies?.request),
    },
    response: {
      status: x.status,
      statusText: '',
      httpVersion,
      content: { size: x.replyBytes, mimeType: '', ...content(bodies?.reply) },
      redirectURL: '',
      bodySize: x.replyBytes,
      ...NOTHING_KNOWN,
    },
    cache: {},
    timings: { send: 0, wait: x.durationMs, receive: 0 },
    _sallyport: x,
  };
}

function posted(body: CapturedBody | undefined): object {
  return body ? { postData: { mimeType: body.type, params: [], text: body.text, ...cutNote(body) } } : {};
}

function content(body: CapturedBody | undefined): object {
  return body ? { mimeType: body.type, text: body.text, ...cutNote(body) } : {};
}

function cutNote({ isCut }: CapturedBody): object {
  return isCut ? { comment: 'only its beginning was kept' } : {};
}

function urlOf({ scheme, host, port, path }: ExchangeRecord): string {
  const name = host.includes(':') ? `[${host}]` : host;
  const isUsual = port === (scheme === 'https' ? 443 : 80);
  return `${scheme}://${name}${isUsual ? '' : `:${port}`}${path}`;
}
