// Vendors' stores of secrets as they speak over HTTP, from their public interface references. Each checks the credentials it is shown
// before it says anything, and gives an answer function for startSecretServer.
import type { SecretQuestion, SecretReply } from './secret-server.ts';

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
}): (question: SecretQuestion) => SecretReply {
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
