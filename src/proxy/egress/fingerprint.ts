// How close the ClientHello we sent came to the client's own, in grades and in plain words. Compares only what was really
// sent; must not know how it was made. GREASE values (random by design) and the hosts' random bytes are left out.
import type { EqualityGrade } from '../../exchange-record.ts';
import { type ClientHello, type HelloExtension, isGrease } from '../ingress/hello.ts';

/** JA3 (MD5) and JA4 of one hello. */
export interface Fingerprint {
  readonly ja3: string;
  readonly ja4: string;
}

/** The comparison of two hellos. */
export interface Equality {
  /** `exact`: nothing differs; `ja4`: the JA4 is equal; `partial`: it is not; `none`: there was nothing to compare. */
  readonly grade: EqualityGrade;
  /** Plain words for each thing that differs, e.g. `cipher suites`, `extension order`. */
  readonly differs: readonly string[];
  readonly client: Fingerprint | undefined;
  /** Undefined when what was sent could not be read. */
  readonly upstream: Fingerprint | undefined;
}

const PADDING = 21;
const ALPN = 16;
const PSK_MODES = 45;
const SIGNATURES_CERT = 50;
const COMPRESS_CERTIFICATE = 27;
const RECORD_SIZE_LIMIT = 28;
// Server name, groups, formats, signatures, ticket, pre-shared key, versions, key share have words of their own; encrypted hellos are random bytes.
const NOT_BY_CONTENT = new Set([
  0,
  10,
  11,
  13,
  35,
  41,
  43,
  51,
  65_037,
  ALPN,
  PADDING,
  PSK_MODES,
  SIGNATURES_CERT,
  COMPRESS_CERTIFICATE,
  RECORD_SIZE_LIMIT,
]);

/** Compares the client's hello with the one sent upstream. `notes` are further differences the caller knows of; any of them rules out `exact`. */
export function compareHellos(client: ClientHello, upstream: ClientHello, notes: readonly string[] = []): Equality {
  const differs: string[] = [];
  const differ = (what: string, a: readonly unknown[], b: readonly unknown[]) => {
    if (a.length !== b.length || a.some((v, i) => v !== b[i])) differs.push(what);
  };
  const ids = (hello: ClientHello) => plain(hello.extensions.map((e) => e.id));
  const bytes = (hello: ClientHello, id: number) => [find(hello, id)?.raw.toString('latin1')];
  const sorted = (values: number[]) => [...values].sort((a, b) => a - b);

  differ('cipher suites', plain(client.parsed.cipherSuites), plain(upstream.parsed.cipherSuites));
  differ('extensions', sorted(ids(client)), sorted(ids(upstream)));
  if (!differs.includes('extensions')) differ('extension order', ids(client), ids(upstream));
  differ('groups', plain(client.groups), plain(upstream.groups));
  differ('key share groups', plain(client.keyShareGroups), plain(upstream.keyShareGroups));
  differ('signature algorithms', plain(client.signatureAlgorithms), plain(upstream.signatureAlgorithms));
  differ('certificate signature algorithms', bytes(client, SIGNATURES_CERT), bytes(upstream, SIGNATURES_CERT));
  differ('point formats', client.pointFormats, upstream.pointFormats);
  differ('TLS versions', [client.parsed.version, ...plain(client.versions)], [upstream.parsed.version, ...plain(upstream.versions)]);
  differ('application protocols', bytes(client, ALPN), bytes(upstream, ALPN));
  // Whether there is one: that it is the right one is for unwrap to see, and what was sent may have been captured for another host.
  differ('server name', [client.sni === undefined], [upstream.sni === undefined]);
  differ('key exchange modes', bytes(client, PSK_MODES), bytes(upstream, PSK_MODES));
  differ('certificate compression', bytes(client, COMPRESS_CERTIFICATE), bytes(upstream, COMPRESS_CERTIFICATE));
  differ('record size limit', bytes(client, RECORD_SIZE_LIMIT), bytes(upstream, RECORD_SIZE_LIMIT));
  differ('compression methods', client.parsed.compressionMethods, upstream.parsed.compressionMethods);
  differ('session id', [client.parsed.sessionId.length], [upstream.parsed.sessionId.length]);
  differ('padding', [find(client, PADDING)?.raw.length], [find(upstream, PADDING)?.raw.length]);
  for (const { id } of client.extensions) {
    if (NOT_BY_CONTENT.has(id) || isGrease(id) || !find(upstream, id)) continue;
    differ(`contents of extension ${id}`, bytes(client, id), bytes(upstream, id));
  }
  differ('GREASE', greasePlaces(client), greasePlaces(upstream));
  if (client.resumes) differs.push('session resumption');
  differs.push(...notes);

  const sameJa4 = client.ja4 === upstream.ja4;
  const grade = differs.length === 0 && sameJa4 ? 'exact' : sameJa4 ? 'ja4' : 'partial';
  return { grade, differs, client: fingerprint(client), upstream: fingerprint(upstream) };
}

/** JA3 and JA4 of a hello. */
export function fingerprint(hello: ClientHello): Fingerprint {
  return { ja3: hello.ja3.hash, ja4: hello.ja4 };
}

function find(hello: ClientHello, id: number): HelloExtension | undefined {
  return hello.extensions.find((e) => e.id === id);
}

function plain(values: readonly number[]): number[] {
  return values.filter((v) => !isGrease(v));
}

/** Which list holds GREASE at which index; of an extension also its length. */
function greasePlaces(hello: ClientHello): string[] {
  const places = (list: string, values: readonly number[]) => values.flatMap((v, i) => (isGrease(v) ? [`${list} ${i}`] : []));
  return [
    ...places('suite', hello.parsed.cipherSuites),
    ...places('group', hello.groups),
    ...places('share', hello.keyShareGroups),
    ...places('signature', hello.signatureAlgorithms),
    ...places('version', hello.versions),
    ...hello.extensions.flatMap(({ id, raw }, i) => (isGrease(id) ? [`extension ${i} ${raw.length}`] : [])),
  ];
}
