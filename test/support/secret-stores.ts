// Vendors' stores of secrets as they speak over HTTP, from their public interface references. Each checks the credentials it is shown
// before it says anything, and gives an answer function for startSecretServer.
import { createHash, createHmac, type KeyObject, verify } from 'node:crypto';
import type { SecretQuestion, SecretReply } from './secret-server.ts';

type Answers = (question: SecretQuestion) => SecretReply;

/** What may go wrong with any of them; the words that the trouble must hold. */
export const BAD_ANSWERS: readonly (readonly [name: string, reply: SecretReply, trouble: RegExp])[] = [
  ['403', { status: 403, body: {} }, /403/],
  ['404', { status: 404, body: {} }, /404/],
  ['429', { status: 429, headers: { 'retry-after': '1' }, body: {} }, /429: too many requests/],
  ['500', { status: 500, body: {} }, /500/],
  ['503 from a proxy', { status: 503, headers: { 'content-type': 'text/html' }, body: '<html>sk-value-0123456789' }, /503/],
  ['a redirect', { status: 302, headers: { location: 'https://elsewhere.example/' }, body: {} }, /302/],
  ['half an answer', 'cut', /cut the connection|could not be asked/],
  ['too much', 'huge', /larger than 1 MiB/],
  ['no JSON', 'text', /not JSON/],
  ['other JSON', { body: [{ data: 7 }] }, /has no/],
];

/** Vault's KV engine, version 2. Secrets by path as in the interface (`secret/data/openai`). */
export function vaultStore(options: {
  readonly token: string;
  readonly namespace?: string;
  readonly secrets: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly deleted?: readonly string[];
  readonly leaseSeconds?: number;
}): Answers {
  const metadata = { created_time: '2026-01-02T03:04:05.678Z', custom_metadata: null, deletion_time: '', destroyed: false, version: 3 };
  const wrapped = (data: unknown, more: object = {}) => ({
    request_id: '5a2f3c1e',
    lease_id: '',
    renewable: false,
    lease_duration: options.leaseSeconds ?? 0,
    data: { data, metadata: { ...metadata, ...more } },
    wrap_info: null,
    warnings: null,
    auth: null,
  });
  return ({ method, target, headers }) => {
    if (headers['x-vault-request'] !== 'true') return { status: 400, body: { errors: ['missing request header'] } };
    if (headers['x-vault-token'] !== options.token) return { status: 403, body: { errors: ['permission denied'] } };
    if (headers['x-vault-namespace'] !== options.namespace) return { status: 404, body: { errors: ['no handler for route'] } };
    const path = decodeURIComponent(target.replace(/^\/v1\//, ''));
    if (method !== 'GET') return { status: 405, body: { errors: [] } };
    if (options.deleted?.includes(path)) return { status: 404, body: wrapped(null, { deletion_time: '2026-02-03T04:05:06Z' }) };
    const data = options.secrets[path];
    return data === undefined ? { status: 404, body: { errors: [] } } : { body: wrapped(data) };
  };
}

/** AWS Secrets Manager, JSON 1.1. The signature of each request is computed again (Signature Version 4). */
export function awsStore(options: {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly region: string;
  readonly secrets: Readonly<Record<string, { readonly text: string } | { readonly bytes: string }>>;
}): Answers {
  const refused = (status: number, type: string): SecretReply => ({
    status,
    headers: { 'content-type': 'application/x-amz-json-1.1' },
    body: { __type: `com.amazonaws.secretsmanager#${type}`, Message: 'about sk-value-0123456789' },
  });
  return (question) => {
    const { method, target, headers, body } = question;
    if (method !== 'POST' || target !== '/' || headers['content-type'] !== 'application/x-amz-json-1.1')
      return refused(400, 'SerializationException');
    if (headers['x-amz-target'] !== 'secretsmanager.GetSecretValue') return refused(400, 'UnknownOperationException');
    const said =
      /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([\w-]+)\/secretsmanager\/aws4_request, SignedHeaders=([\w;-]+), Signature=([0-9a-f]{64})$/.exec(
        headers.authorization ?? '',
      );
    if (!said || said[1] !== options.accessKeyId || said[3] !== options.region) return refused(400, 'UnrecognizedClientException');
    if (headers['x-amz-security-token'] !== options.sessionToken) return refused(400, 'UnrecognizedClientException');
    if (said[5] !== awsSignature(question, said[2]!, options.region, said[4]!.split(';'), options.secretAccessKey))
      return refused(400, 'InvalidSignatureException');
    const { SecretId } = JSON.parse(body) as { SecretId: string };
    const secret = options.secrets[SecretId];
    if (!secret) return refused(400, 'ResourceNotFoundException');
    const value = 'text' in secret ? { SecretString: secret.text } : { SecretBinary: Buffer.from(secret.bytes).toString('base64') };
    const ARN = `arn:aws:secretsmanager:${options.region}:123456789012:secret:${SecretId}-AbCdEf`;
    const facts = {
      ARN,
      Name: SecretId,
      VersionId: '01234567-89ab-cdef-0123-456789abcdef',
      VersionStages: ['AWSCURRENT'],
      CreatedDate: 1.7e9,
    };
    return { headers: { 'content-type': 'application/x-amz-json-1.1' }, body: { ...facts, ...value } };
  };
}

function awsSignature(
  { method, target, headers, body }: SecretQuestion,
  day: string,
  region: string,
  signed: readonly string[],
  key: string,
): string {
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  const hmac = (by: string | Buffer, text: string) => createHmac('sha256', by).update(text).digest();
  const lines = signed.map((name) => `${name}:${String(headers[name]).trim()}\n`).join('');
  const canonical = [method, target, '', lines, signed.join(';'), sha256(body)].join('\n');
  const scope = `${day}/${region}/secretsmanager/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, sha256(canonical)].join('\n');
  const signing = [day, region, 'secretsmanager', 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${key}`);
  return createHmac('sha256', signing).update(text).digest('hex');
}

/** Azure Key Vault with its challenge, and the token endpoint of its tenant. */
export function azureStore(options: {
  readonly tenant: string;
  readonly client: string;
  readonly secret?: string;
  readonly assertion?: string;
  readonly vault: string;
  readonly cloud?: string;
  /** `NAME` or `NAME/VERSION`. */
  readonly secrets: Readonly<Record<string, string>>;
  /** The token of whoever is logged in. */
  readonly token: string;
}): Answers {
  const { tenant, vault, cloud = 'vault.azure.net' } = options;
  const login = ({ headers, body }: SecretQuestion): SecretReply => {
    const form = new URLSearchParams(body);
    const isFor =
      form.get('client_id') === options.client &&
      form.get('scope') === `https://${cloud}/.default` &&
      form.get('grant_type') === 'client_credentials';
    const isAsserted =
      form.get('client_assertion_type') === 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' &&
      form.get('client_assertion') === options.assertion;
    const isProven = form.has('client_assertion') ? isAsserted : form.get('client_secret') === options.secret;
    if (headers['content-type'] !== 'application/x-www-form-urlencoded' || !isFor)
      return { status: 400, body: { error: 'invalid_request' } };
    if (!isProven) return { status: 401, body: { error: 'invalid_client', error_description: 'AADSTS7000215 sk-value-0123456789' } };
    return { body: { token_type: 'Bearer', expires_in: 3599, ext_expires_in: 3599, access_token: options.token } };
  };
  return (question) => {
    const { method, target, headers } = question;
    const url = new URL(target, 'https://x');
    if (url.pathname === `/${tenant}/oauth2/v2.0/token` && method === 'POST') return login(question);
    if (headers.host !== `${vault}.${cloud}` || method !== 'GET') return { status: 400, body: {} };
    if (headers.authorization !== `Bearer ${options.token}`) {
      const challenge = `Bearer authorization="https://login.microsoftonline.com/${tenant}", resource="https://${cloud}"`;
      return { status: 401, headers: { 'www-authenticate': challenge }, body: { error: { code: 'Unauthorized' } } };
    }
    if (url.searchParams.get('api-version') === null) return { status: 400, body: { error: { code: 'BadParameter' } } };
    const name = url.pathname.replace(/^\/secrets\//, '');
    const value = options.secrets[name];
    if (value === undefined) return { status: 404, body: { error: { code: 'SecretNotFound', message: 'sk-value-0123456789' } } };
    return { body: { value, contentType: 'text/plain', id: `https://${headers.host}/secrets/${name}`, attributes: { enabled: true } } };
  };
}

/** Google Cloud Secret Manager, and the endpoint where logins are renewed. Tokens of service accounts are verified. */
export function gcpStore(options: {
  /** By `projects/P/secrets/S/versions/V`. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly account?: { readonly email: string; readonly keyId: string; readonly key: KeyObject };
  readonly nowMs?: number;
  readonly login?: {
    readonly client_id: string;
    readonly client_secret: string;
    readonly refresh_token: string;
    readonly project?: string;
  };
  readonly token: string;
  /** Wrong on purpose. */
  readonly checksum?: string;
}): Answers {
  const unauthenticated: SecretReply = { status: 401, body: { error: { code: 401, status: 'UNAUTHENTICATED' } } };
  const isSigned = (token: string): boolean => {
    const { account, nowMs = 0 } = options;
    const [head = '', claims = '', signature = ''] = token.split('.');
    if (!account || !verify('sha256', Buffer.from(`${head}.${claims}`), account.key, Buffer.from(signature, 'base64url'))) return false;
    const { alg, kid } = JSON.parse(Buffer.from(head, 'base64url').toString()) as Record<string, unknown>;
    const said = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>;
    const isOurs = alg === 'RS256' && kid === account.keyId && said.iss === account.email && said.sub === account.email;
    const seconds = nowMs / 1000;
    return isOurs && said.aud === 'https://secretmanager.googleapis.com/' && Number(said.iat) <= seconds && Number(said.exp) > seconds;
  };
  return ({ method, target, headers, body }) => {
    if (headers.host === 'oauth2.googleapis.com') {
      const form = Object.fromEntries(new URLSearchParams(body));
      const { project: _, ...login } = options.login ?? {};
      const wanted = { grant_type: 'refresh_token', ...login };
      const isRight = method === 'POST' && target === '/token' && JSON.stringify(sorted(form)) === JSON.stringify(sorted(wanted));
      return isRight
        ? { body: { access_token: options.token, expires_in: 3599, token_type: 'Bearer' } }
        : { status: 400, body: { error: 'invalid_grant' } };
    }
    const token = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? '';
    if (headers.host !== 'secretmanager.googleapis.com' || method !== 'GET') return { status: 404, body: {} };
    if (token !== options.token && !isSigned(token)) return unauthenticated;
    if (headers['x-goog-user-project'] !== options.login?.project)
      return { status: 403, body: { error: { code: 403, status: 'PERMISSION_DENIED' } } };
    const name = /^\/v1\/(.+):access$/.exec(target)?.[1] ?? '';
    const value = options.secrets[name];
    if (value === undefined) return { status: 404, body: { error: { code: 404, status: 'NOT_FOUND', message: 'sk-value-0123456789' } } };
    const payload = { data: Buffer.from(value).toString('base64'), dataCrc32c: options.checksum ?? castagnoli(Buffer.from(value)) };
    return { body: { name, payload } };
  };
}

function sorted(record: Readonly<Record<string, unknown>>): unknown {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** By a table of its own; 123456789 gives 3808858755. */
function castagnoli(bytes: Buffer): string {
  const table = Array.from({ length: 256 }, (_, n) => {
    let c = n;
    for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
    return c >>> 0;
  });
  let sum = 0xffffffff;
  for (const byte of bytes) sum = table[(sum ^ byte) & 255]! ^ (sum >>> 8);
  return String((sum ^ 0xffffffff) >>> 0);
}
