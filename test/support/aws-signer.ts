// A client of Bedrock as far as its signature goes, written apart from the code that is tested: one path, fields in the order of its library.
import { createHash, createHmac } from 'node:crypto';

/** The pair of a client. */
export interface AwsPair {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Where it calls, in Ireland. */
export const BEDROCK = 'bedrock-runtime.eu-west-1.amazonaws.com';
/** What it calls. */
export const INVOKE = '/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/invoke';

const TIME = '20260131T120000Z';
const SCOPE = ['20260131', 'eu-west-1', 'bedrock', 'aws4_request'];
const hash = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex');

/** The fields of a signed POST with this body. */
export function signedFields(
  pair: AwsPair,
  body: string,
  more: Readonly<Record<string, string>> = {},
  { host, target } = { host: BEDROCK, target: INVOKE },
): string[] {
  const fields: Record<string, string> = {
    host,
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    ...more,
    'x-amz-date': TIME,
    ...(pair.sessionToken !== undefined && { 'x-amz-security-token': pair.sessionToken }),
    'x-amz-content-sha256': hash(body),
  };
  const names = Object.keys(fields).sort();
  const login = `Credential=${pair.accessKeyId}/${SCOPE.join('/')}, SignedHeaders=${names.join(';')}`;
  const signature = signatureOf(pair, { method: 'POST', target, headers: Object.entries(fields).flat(), body }, names);
  return [...Object.entries(fields).flat(), 'AUTHORIZATION', `AWS4-HMAC-SHA256 ${login}, Signature=${signature}`];
}

/** A request as a server has it; `headers` are flat pairs, `host` among them. */
export interface SignedRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly string[];
  readonly body: string | Uint8Array;
}

/** Whether AWS would let it in for this pair. */
export function isSignedBy(pair: AwsPair, request: SignedRequest): boolean {
  const field = (name: string) =>
    request.headers[request.headers.findIndex((text, i) => i % 2 === 0 && text.toLowerCase() === name) + 1] ?? '';
  const [, id, names, signature] = /Credential=([^/]+)\/.*SignedHeaders=([^,]+), ?Signature=(\S+)$/.exec(field('authorization')) ?? [];
  const sum = request.headers.some((text, i) => i % 2 === 0 && text.toLowerCase() === 'x-amz-content-sha256');
  return (
    id === pair.accessKeyId &&
    (!sum || field('x-amz-content-sha256') === hash(request.body)) &&
    (pair.sessionToken === undefined || field('x-amz-security-token') === pair.sessionToken) &&
    signature === signatureOf(pair, request, names!.split(';'))
  );
}

/** Of a request without a query. */
function signatureOf(pair: AwsPair, { method, target, headers, body }: SignedRequest, names: readonly string[]): string {
  const fieldOf = (name: string) => headers.filter((_, i) => headers[i - 1]?.toLowerCase() === name && i % 2 === 1).join(',');
  const lines = names.map((name) => `${name}:${fieldOf(name)}`).join('\n');
  const canonical = `${method}\n${target.replaceAll('%', '%25')}\n\n${lines}\n\n${names.join(';')}\n${hash(body)}`;
  const text = `AWS4-HMAC-SHA256\n${TIME}\n${SCOPE.join('/')}\n${hash(canonical)}`;
  let key: Buffer = Buffer.from(`AWS4${pair.secretAccessKey}`);
  for (const part of [...SCOPE, text]) key = createHmac('sha256', key).update(part).digest();
  return key.toString('hex');
}
