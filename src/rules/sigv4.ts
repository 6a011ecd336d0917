// AWS Signature Version 4 of a request as it stands on the wire: what a signature in the Authorization field says, and what it has to be for
// a key. The hash of the body is given. Presigned, streamed and S3 requests follow other rules and are left alone. Must not know where keys are.
import { createHash, createHmac } from 'node:crypto';
import { allValues, firstValue, type RequestHead } from '../headers.ts';
import { percentDecoded } from './percent-decode.ts';

/** A key pair, with the session token that a temporary one needs. */
export interface AwsKey {
  readonly id: string;
  readonly secret: string;
  readonly token: string | undefined;
}

/** What the Authorization field says, and the date field with it. */
export interface SigV4 {
  readonly keyId: string;
  /** `20260131`. */
  readonly day: string;
  readonly region: string;
  readonly service: string;
  /** Names of fields in lower case, in the order of the field. */
  readonly signed: readonly string[];
  /** Of `x-amz-date`: `20260131T120000Z`. */
  readonly time: string;
}

const FORM =
  /^AWS4-HMAC-SHA256\s+Credential=([^/,\s]+)\/(\d{8})\/([^/,\s]+)\/([^/,\s]+)\/aws4_request\s*,\s*SignedHeaders=([^,\s]+)\s*,\s*Signature=[0-9a-f]{64}\s*$/;
const UNRESERVED = /[A-Za-z0-9._~-]/;

/** The pair in `ID:SECRET` or `ID:SECRET:TOKEN`; undefined where it is neither. */
export function parseAwsKey(value: string): AwsKey | undefined {
  const [, id, secret, token] = /^([A-Za-z0-9]+):([A-Za-z0-9/+=]+)(?::(\S+))?$/.exec(value) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret, token };
}

/** The signature of a head; undefined where it carries none that can be made anew. */
export function parseSigV4({ headers, target }: RequestHead): SigV4 | undefined {
  const given = allValues(headers, 'authorization');
  const [, keyId, day, region, service, names] = (given.length === 1 && FORM.exec(given[0]!)) || [];
  const time = firstValue(headers, 'x-amz-date');
  if (keyId === undefined || time?.slice(0, 9) !== `${day}T`) return undefined;
  const isOther = service === 's3' || /[?&]X-Amz-Signature=/i.test(target) || /^STREAMING-/i.test(payloadField(headers) ?? '');
  return isOther ? undefined : { keyId, day: day!, region: region!, service: service!, signed: names!.toLowerCase().split(';'), time };
}

/** What the head itself says is the hash of the body (`UNSIGNED-PAYLOAD` too). */
export function payloadField(headers: RequestHead['headers']): string | undefined {
  return firstValue(headers, 'x-amz-content-sha256');
}

/** SHA-256 in hexadecimal digits. */
export function hashOf(bytes: Uint8Array | string): string {
  // The text of a head is a byte a character.
  return createHash('sha256')
    .update(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
    .digest('hex');
}

/** The canonical request; `payload` is the hash of the body. */
export function canonicalRequest(head: RequestHead, signed: readonly string[], payload: string): string {
  const [path = '', query = ''] = head.target.split(/\?(.*)/s, 2);
  const names = signed.toSorted();
  const fields = names.map((name) => `${name}:${fieldValue(head, name)}\n`).join('');
  return [head.method, canonicalPath(path), canonicalQuery(query), fields, names.join(';'), payload].join('\n');
}

/** The string to sign. */
export function stringToSign({ day, region, service, time }: SigV4, canonical: string): string {
  return ['AWS4-HMAC-SHA256', time, `${day}/${region}/${service}/aws4_request`, hashOf(canonical)].join('\n');
}

/** The signature of a string: 64 hexadecimal digits. */
export function signatureOf({ day, region, service }: SigV4, secret: string, text: string): string {
  const mac = (key: Buffer | string, data: string) => createHmac('sha256', key).update(data).digest();
  const key = [day, region, service, 'aws4_request'].reduce<Buffer | string>(mac, `AWS4${secret}`);
  return mac(key, text).toString('hex');
}

/** Encoded once more than it is on the wire, without empty steps and dots. */
function canonicalPath(path: string): string {
  const steps: string[] = [];
  for (const step of path.split('/')) {
    if (step === '..') steps.pop();
    else if (step !== '' && step !== '.') steps.push(encoded(step));
  }
  return `/${steps.join('/')}${steps.length > 0 && path.endsWith('/') ? '/' : ''}`;
}

function canonicalQuery(query: string): string {
  return query
    .split('&')
    .filter((part) => part !== '')
    .map((part) => part.split(/=(.*)/s, 2))
    .map(([name = '', value = '']) => [encoded(percentDecoded(name)), encoded(percentDecoded(value))] as const)
    .sort(([a, x], [b, y]) => order(a, b) || order(x, y))
    .map((pair) => pair.join('='))
    .join('&');
}

function order(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function fieldValue(head: RequestHead, name: string): string {
  const values = allValues(head.headers, name).map((value) => value.trim().replace(/\s+/g, ' '));
  // HTTP/2 has it beside the fields.
  return values.length === 0 && name === 'host' ? head.authority : values.join(',');
}

/** A character of the head is a byte. */
function encoded(text: string): string {
  const one = (char: string) => (UNRESERVED.test(char) ? char : `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
  return Array.from(text, one).join('');
}
