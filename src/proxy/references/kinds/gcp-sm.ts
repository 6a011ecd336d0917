// Google Cloud Secret Manager, over its HTTP interface, with application default credentials or whoever is logged in with `gcloud`.
// Why without Google's client: docs/adr/0004-references-and-sdks.md. A token goes to Google's own host and no other.
import { sign } from 'node:crypto';
import { existsSync } from 'node:fs';
import { fieldOf, isObject, jsonFrom, parseJson, textAt } from '../answers.ts';
import { type Means, pathOf, type ReferenceKind, Unresolved } from '../reference.ts';

const HOST = 'https://secretmanager.googleapis.com/';
const TOKENS = 'https://oauth2.googleapis.com/token';

/** `gcp-sm:projects/P/secrets/S[/versions/V][#FIELD]`; the latest version, and the whole secret, where nothing else is said. */
export const gcpSm: ReferenceKind = {
  name: 'gcp-sm',
  form: 'gcp-sm:projects/PROJECT/secrets/SECRET, with /versions/VERSION and #FIELD where wanted',
  isWellFormed: (where) => PLACE.test(where),
  resolve: async (where, means) => {
    const [, secret, version = '/versions/latest', field] = PLACE.exec(where)!;
    const headers = await loginHeaders(means);
    const answer = await means.ask({ url: `${HOST}v1/${secret}${version}:access`, headers: { accept: 'application/json', ...headers } });
    const json = jsonFrom(answer, 'Secret Manager');
    const bytes = Buffer.from(textAt(json, ['payload', 'data'], 'the answer'), 'base64');
    const sum = isObject(json) && isObject(json.payload) ? json.payload.dataCrc32c : undefined;
    if (sum !== undefined && String(sum) !== String(crc32c(bytes)))
      throw new Unresolved('the answer of Secret Manager is damaged: its checksum differs');
    return { value: fieldOf(bytes.toString(), field) };
  },
};

const PLACE = /^(projects\/[a-z0-9:.-]+\/secrets\/[\w-]{1,255})(\/versions\/[\w-]+)?(?:#([^#]+))?$/;

async function loginHeaders(means: Means): Promise<Readonly<Record<string, string>>> {
  const { environment, userHome, run, read } = means;
  const folder = environment.CLOUDSDK_CONFIG || `${userHome}/.config/gcloud`;
  const named = environment.GOOGLE_APPLICATION_CREDENTIALS;
  const file = named ? pathOf(named, userHome) : `${folder}/application_default_credentials.json`;
  if (!named && !existsSync(file)) {
    return bearer(
      await run(['gcloud', 'auth', 'print-access-token'], 'install the Google Cloud CLI, or set GOOGLE_APPLICATION_CREDENTIALS'),
    );
  }
  const credentials = parseJson(await read(file), file);
  const text = (name: string) => textAt(credentials, [name], file);
  switch (text('type')) {
    case 'service_account':
      return bearer(ownToken(text('client_email'), text('private_key_id'), text('private_key'), means.now()));
    case 'authorized_user': {
      const token = await refreshed(means, text('client_id'), text('client_secret'), text('refresh_token'));
      const project = isObject(credentials) ? credentials.quota_project_id : undefined;
      return { ...bearer(token), ...(typeof project === 'string' && { 'x-goog-user-project': project }) };
    }
    default:
      throw new Unresolved(`${file} holds credentials of a type that is not understood; use exec:gcloud secrets versions access`);
  }
}

/** Google takes a token that a service account has signed for one of its hosts itself (RFC 7519; its guide calls it a self-signed JWT). */
function ownToken(email: string, keyId: string, key: string, nowMs: number): string {
  const iat = Math.floor(nowMs / 1000);
  const parts = [
    { alg: 'RS256', typ: 'JWT', kid: keyId },
    { iss: email, sub: email, aud: HOST, iat, exp: iat + 3600 },
  ];
  const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  try {
    return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
  } catch {
    throw new Unresolved('the private key of the service account cannot be used');
  }
}

async function refreshed({ ask }: Means, client_id: string, client_secret: string, refresh_token: string): Promise<string> {
  const body = new URLSearchParams({ grant_type: 'refresh_token', client_id, client_secret, refresh_token }).toString();
  const answer = await ask({ url: TOKENS, method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body });
  const words = { 400: 'the login has ended: gcloud auth application-default login' };
  return textAt(jsonFrom(answer, 'the login of Google', words), ['access_token'], 'the answer of the login');
}

function bearer(token: string): Readonly<Record<string, string>> {
  if (!/^[\x21-\x7e]+$/.test(token)) throw new Unresolved('the login of Google gave no token');
  return { authorization: `Bearer ${token}` };
}

/** CRC-32C (RFC 3720 B.4), of at most 64 KiB. */
function crc32c(bytes: Buffer): number {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0x82f63b78 : 0);
  }
  return (sum ^ 0xffffffff) >>> 0;
}
