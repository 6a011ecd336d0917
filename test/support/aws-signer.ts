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
const hash = (text: string) => createHash('sha256').update(text).digest('hex');

/** The fields of a signed POST with this body. */
export function signedFields(pair: AwsPair, body: string, more: Readonly<Record<string, string>> = {}): string[] {
  const fields: Record<string, string> = {
    host: BEDROCK,
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    ...more,
    'x-amz-date': TIME,
    ...(pair.sessionToken !== undefined && { 'x-amz-security-token': pair.sessionToken }),
    'x-amz-content-sha256': hash(body),
  };
  const names = Object.keys(fields).sort();
  const lines = names.map((name) => `${name}:${fields[name]}`).join('\n');
  const canonical = `POST\n${INVOKE.replaceAll('%', '%25')}\n\n${lines}\n\n${names.join(';')}\n${hash(body)}`;
  const text = `AWS4-HMAC-SHA256\n${TIME}\n${SCOPE.join('/')}\n${hash(canonical)}`;
  let key: Buffer = Buffer.from(`AWS4${pair.secretAccessKey}`);
  for (const part of [...SCOPE, text]) key = createHmac('sha256', key).update(part).digest();
  const login = `Credential=${pair.accessKeyId}/${SCOPE.join('/')}, SignedHeaders=${names.join(';')}, Signature=${key.toString('hex')}`;
  return [...Object.entries(fields).flat(), 'AUTHORIZATION', `AWS4-HMAC-SHA256 ${login}`];
}
