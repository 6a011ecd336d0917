// Google Cloud Secret Manager: a service account's own token, a login that is renewed, whoever is logged in with `gcloud`, and what goes wrong.
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeTestAuthority } from '../../../../support/certificates.ts';
import { scratchFolder } from '../../../../support/folder.ts';
import { recorder, testResolver, writeIn } from '../../../../support/references.ts';
import { startSecretServer } from '../../../../support/secret-server.ts';
import { BAD_ANSWERS, gcpStore } from '../../../../support/secret-stores.ts';

const VALUE = 'sk-value-0123456789';
const SECRET = 'projects/my-project/secrets/openai';
const TOKEN = 'ya29.token';
const NOW = 1_700_000_000_000;
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const account = { email: 'proxy@my-project.iam.gserviceaccount.com', keyId: 'key-1', key: publicKey };
const ACCOUNT = {
  type: 'service_account',
  client_email: account.email,
  private_key_id: account.keyId,
  private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
};
const login = { client_id: 'c.apps', client_secret: 'GOCSPX-secret', refresh_token: '1//refresh' };
const store = (more: Partial<Parameters<typeof gcpStore>[0]> = {}) =>
  gcpStore({
    secrets: {
      [`${SECRET}/versions/latest`]: VALUE,
      [`${SECRET}/versions/7`]: `${VALUE}-old`,
      'projects/my-project/secrets/json/versions/latest': JSON.stringify({ 'api key': VALUE, number: 7 }),
    },
    account,
    nowMs: NOW,
    token: TOKEN,
    ...more,
  });

interface Stage {
  readonly answer?: Parameters<typeof startSecretServer>[0];
  /** What GOOGLE_APPLICATION_CREDENTIALS leads to. */
  readonly credentials?: unknown;
  readonly environment?: Readonly<Record<string, string>>;
  readonly userHome?: string;
}

async function stage({ answer = store(), credentials, environment = {}, userHome = '/nonexistent' }: Stage) {
  const authority = makeTestAuthority();
  const server = await startSecretServer(answer, authority);
  const named = credentials !== undefined && {
    GOOGLE_APPLICATION_CREDENTIALS: writeIn(
      scratchFolder(),
      'adc.json',
      typeof credentials === 'string' ? credentials : JSON.stringify(credentials),
    ),
  };
  const dialled: string[] = [];
  const connectTo = (host: string, port: number) => {
    dialled.push(`${host}:${port}`);
    return server;
  };
  return { server, dialled, resolver: testResolver({ ca: authority.pem, environment: { ...environment, ...named }, userHome, connectTo }) };
}

test.each([
  [`gcp-sm:${SECRET}`, VALUE],
  [`gcp-sm:${SECRET}/versions/7`, `${VALUE}-old`],
  ['gcp-sm:projects/my-project/secrets/json#api key', VALUE],
  ['gcp-sm:projects/my-project/secrets/json/versions/latest#api key', VALUE],
])('%s is read with a token that the service account signs itself', async (reference, value) => {
  const { resolver, dialled } = await stage({ credentials: ACCOUNT });
  expect(await resolver.resolve(reference)).toBe(value);
  expect(dialled).toEqual(['secretmanager.googleapis.com:443']);
});

test('with a login that is renewed, where gcloud keeps it', async () => {
  const userHome = scratchFolder();
  const folder = join(userHome, '.config/gcloud');
  mkdirSync(folder, { recursive: true });
  writeIn(
    folder,
    'application_default_credentials.json',
    JSON.stringify({ type: 'authorized_user', ...login, quota_project_id: 'my-project' }),
  );
  const { resolver, dialled } = await stage({ answer: store({ login: { ...login, project: 'my-project' } }), userHome });
  expect(await resolver.resolve(`gcp-sm:${SECRET}`)).toBe(VALUE);
  expect(dialled).toEqual(['oauth2.googleapis.com:443', 'secretmanager.googleapis.com:443']);
});

test('as whoever is logged in with gcloud', async () => {
  const gcloud = recorder('gcloud', `console.log('${TOKEN}');`);
  const { resolver } = await stage({ environment: { PATH: gcloud.folder, CLOUDSDK_CONFIG: scratchFolder() } });
  expect(await resolver.resolve(`gcp-sm:${SECRET}`)).toBe(VALUE);
  expect(gcloud.calls().map(({ argv }) => argv.join(' '))).toEqual(['auth print-access-token']);
  const absent = await stage({ environment: { PATH: '/nonexistent' } });
  expect(await absent.resolver.trouble(`gcp-sm:${SECRET}`)).toContain(
    'was not found: install the Google Cloud CLI, or set GOOGLE_APPLICATION_CREDENTIALS',
  );
  const silent = recorder('gcloud', '');
  const none = await stage({ environment: { PATH: silent.folder } });
  expect(await none.resolver.trouble(`gcp-sm:${SECRET}`)).toContain('the login of Google gave no token');
});

test.each<[string, string, Stage, string]>([
  [
    'credentials that are not there',
    SECRET,
    { environment: { GOOGLE_APPLICATION_CREDENTIALS: '/nonexistent/adc.json' } },
    '/nonexistent/adc.json cannot be read: it is not there',
  ],
  ['credentials that are no JSON', SECRET, { credentials: 'GOCSPX-secret' }, 'is not JSON'],
  ['credentials without a type', SECRET, { credentials: login }, 'has no text type'],
  ['credentials of another type', SECRET, { credentials: { type: 'external_account' } }, 'of a type that is not understood'],
  [
    'a key that is none',
    SECRET,
    { credentials: { ...ACCOUNT, private_key: 'GOCSPX-secret' } },
    'the private key of the service account cannot be used',
  ],
  [
    'another account',
    SECRET,
    { credentials: { ...ACCOUNT, client_email: 'other@x' } },
    'Secret Manager answered 401: the credentials were not accepted',
  ],
  [
    'a login that has ended',
    SECRET,
    { credentials: { type: 'authorized_user', ...login, refresh_token: 'old' } },
    'the login of Google answered 400: the login has ended',
  ],
  ['no such secret', 'projects/my-project/secrets/none', { credentials: ACCOUNT }, 'Secret Manager answered 404: there is no such secret'],
  ['no such field', 'projects/my-project/secrets/json#none', { credentials: ACCOUNT }, 'the secret has no text none'],
  ['a damaged answer', SECRET, { credentials: ACCOUNT, answer: store({ checksum: '1' }) }, 'is damaged: its checksum differs'],
])('%s', async (_, where, at, why) => {
  const { resolver } = await stage(at);
  const trouble = await resolver.trouble(`gcp-sm:${where}`);
  expect(trouble).toContain(`gcp-sm:${where}: `);
  expect(trouble).toContain(why);
  expect(trouble).not.toMatch(/sk-value|GOCSPX|PRIVATE|1\/\/|ya29/);
});

test.each(BAD_ANSWERS)('an answer that is %s, of the login or of the store', async (_, reply, why) => {
  const answers = store({ login });
  for (const bad of ['oauth2.googleapis.com', 'secretmanager.googleapis.com']) {
    const { resolver, server } = await stage({
      answer: (question) => (question.headers.host === bad ? reply : answers(question)),
      credentials: { type: 'authorized_user', ...login },
    });
    const trouble = await resolver.trouble(`gcp-sm:${SECRET}`);
    expect(trouble).toMatch(why);
    expect(trouble).not.toMatch(/sk-value|GOCSPX|1\/\/|ya29/);
    expect(server.questions).toHaveLength(bad.startsWith('oauth2') ? 1 : 2);
  }
});

test.each([
  'gcp-sm:',
  'gcp-sm:openai',
  'gcp-sm:projects/p',
  'gcp-sm:projects/p/secrets/',
  'gcp-sm:projects/p/secrets/a b',
  'gcp-sm:projects/../secrets/a/b',
  'gcp-sm:projects/p/secrets/a/versions/',
  'gcp-sm:projects/p/secrets/a#',
  'gcp-sm:projects/p/secrets/a?x',
  'gcp-sm:projects/p/secrets/a:destroy',
])('%j is none', (reference) => {
  expect(() => testResolver().check(reference)).toThrow('gcp-sm:projects/PROJECT/secrets/SECRET');
});
