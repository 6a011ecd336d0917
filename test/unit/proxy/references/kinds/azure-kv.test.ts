// Azure Key Vault: an application's login, an assertion of the platform, whoever is logged in with `az`, and what goes wrong.
import { expect, test } from 'vitest';
import { makeTestAuthority } from '../../../../support/certificates.ts';
import { scratchFolder } from '../../../../support/folder.ts';
import { recorder, testResolver, writeIn } from '../../../../support/references.ts';
import { type SecretReply, startSecretServer } from '../../../../support/secret-server.ts';
import { azureStore, BAD_ANSWERS } from '../../../../support/secret-stores.ts';

const VALUE = 'sk-value-0123456789';
const TENANT = '01234567-89ab-cdef-0123-456789abcdef';
const VERSION = '0123456789abcdef0123456789abcdef';
const LOGIN = { AZURE_TENANT_ID: TENANT, AZURE_CLIENT_ID: 'client-1', AZURE_CLIENT_SECRET: 'the~secret&of=it' };
const TOKEN = 'eyJ0.token';
const store = (more: Partial<Parameters<typeof azureStore>[0]> = {}) =>
  azureStore({
    tenant: TENANT,
    client: 'client-1',
    secret: LOGIN.AZURE_CLIENT_SECRET,
    vault: 'my-vault',
    secrets: { openai: VALUE, [`openai/${VERSION}`]: `${VALUE}-old` },
    token: TOKEN,
    ...more,
  });

/** Every host is the one server; what was dialled is kept. */
async function stage(answer: Parameters<typeof startSecretServer>[0], environment: Readonly<Record<string, string | undefined>> = LOGIN) {
  const authority = makeTestAuthority();
  const server = await startSecretServer(answer, authority);
  const dialled: string[] = [];
  const connectTo = (host: string, port: number) => {
    dialled.push(`${host}:${port}`);
    return server;
  };
  return { server, dialled, resolver: testResolver({ ca: authority.pem, environment, connectTo }) };
}

test.each([
  ['azure-kv:my-vault/openai', VALUE],
  ['azure-kv:My-Vault/openai', VALUE],
  ['azure-kv:my-vault.vault.azure.net/openai', VALUE],
  [`azure-kv:my-vault/openai/${VERSION}`, `${VALUE}-old`],
])('%s is read', async (reference, value) => {
  const { resolver, dialled } = await stage(store());
  expect(await resolver.resolve(reference)).toBe(value);
  expect(dialled).toEqual(['login.microsoftonline.com:443', 'my-vault.vault.azure.net:443']);
});

test('in another cloud', async () => {
  const cloud = 'vault.usgovcloudapi.net';
  const { resolver, dialled } = await stage(store({ cloud }), { ...LOGIN, AZURE_AUTHORITY_HOST: 'https://login.microsoftonline.us/' });
  expect(await resolver.resolve(`azure-kv:my-vault.${cloud}/openai`)).toBe(VALUE);
  expect(dialled).toEqual(['login.microsoftonline.us:443', `my-vault.${cloud}:443`]);
});

test('with an assertion that the platform keeps in a file', async () => {
  const file = writeIn(scratchFolder(), 'token', 'eyJ.assertion.x\n');
  const environment = { ...LOGIN, AZURE_CLIENT_SECRET: undefined, AZURE_FEDERATED_TOKEN_FILE: file };
  const { resolver } = await stage(store({ assertion: 'eyJ.assertion.x' }), environment);
  expect(await resolver.resolve('azure-kv:my-vault/openai')).toBe(VALUE);
});

test('as whoever is logged in with az', async () => {
  const az = recorder('az', `console.log('${TOKEN}');`);
  const { resolver } = await stage(store(), { PATH: az.folder });
  expect(await resolver.resolve('azure-kv:my-vault/openai')).toBe(VALUE);
  const words = 'account get-access-token --resource https://vault.azure.net --query accessToken --output tsv';
  expect(az.calls().map(({ argv }) => argv.join(' '))).toEqual([words]);
  const none = await stage(store(), { PATH: '/nonexistent' });
  expect(await none.resolver.trouble('azure-kv:my-vault/openai')).toContain(
    'the program az was not found: install the Azure CLI, or set AZURE_TENANT_ID',
  );
  const odd = recorder('az', `console.log('WARNING a\\nb');`);
  const confused = await stage(store(), { PATH: odd.folder });
  expect(await confused.resolver.trouble('azure-kv:my-vault/openai')).toContain('the login of Microsoft gave no token');
});

test.each([
  [
    'another secret',
    'azure-kv:my-vault/openai',
    { AZURE_CLIENT_SECRET: 'other' },
    'the login of Microsoft answered 401: the client or its secret is not valid',
  ],
  ['no tenant', 'azure-kv:my-vault/openai', { AZURE_TENANT_ID: undefined }, 'AZURE_TENANT_ID is not set'],
  ['a tenant that leads elsewhere', 'azure-kv:my-vault/openai', { AZURE_TENANT_ID: '../x' }, 'AZURE_TENANT_ID is not set'],
  ['no such secret', 'azure-kv:my-vault/none', {}, 'Key Vault answered 404: there is no such secret'],
])('%s', async (_, reference, change, why) => {
  const { resolver } = await stage(store(), { ...LOGIN, ...change });
  const trouble = await resolver.trouble(reference);
  expect(trouble).toContain(`${reference}: `);
  expect(trouble).toContain(why);
  expect(trouble).not.toMatch(/sk-value|the~secret|eyJ/);
});

test('a token of another tenant: the answer says whose is wanted', async () => {
  const az = recorder('az', `console.log('eyJ.other');`);
  const { resolver } = await stage(store(), { PATH: az.folder });
  expect(await resolver.trouble('azure-kv:my-vault/openai')).toBe(
    `azure-kv:my-vault/openai: Key Vault answered 401: the token was not accepted, the vault belongs to tenant ${TENANT}`,
  );
});

test.each([...BAD_ANSWERS, ['401', { status: 401, body: {} } as SecretReply, /401: the token was not accepted$/] as const])(
  'an answer that is %s, of the login or of the vault',
  async (_, reply, why) => {
    const answers = store();
    for (const bad of ['/oauth2/', '/secrets/']) {
      const { resolver, server } = await stage((question) => (question.target.includes(bad) ? reply : answers(question)));
      const trouble = await resolver.trouble('azure-kv:my-vault/openai');
      expect(trouble).toMatch(bad === '/oauth2/' && why.source.startsWith('401') ? /401/ : why);
      expect(trouble).not.toMatch(/sk-value|the~secret|eyJ/);
      expect(server.questions).toHaveLength(bad === '/oauth2/' ? 1 : 2);
    }
  },
);

test.each([
  'azure-kv:',
  'azure-kv:v',
  'azure-kv:my-vault',
  'azure-kv:my-vault/',
  'azure-kv:my-vault/a_b',
  'azure-kv:my-vault/a/b',
  'azure-kv:my.evil.example/a',
  'azure-kv:my-vault.vault.azure.net.evil.example/a',
  'azure-kv:1vault/a',
  'azure-kv:my-vault/a/../b',
])('%j is none', (reference) => {
  expect(() => testResolver().check(reference)).toThrow('azure-kv:VAULT/NAME');
});
