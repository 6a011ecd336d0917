// HashiCorp Vault and OpenBao: the KV engine of version 2, its token, and what goes wrong.
import { expect, test } from 'vitest';
import { makeTestAuthority } from '../../../../support/certificates.ts';
import { scratchFolder } from '../../../../support/folder.ts';
import { testResolver, writeIn } from '../../../../support/references.ts';
import { type SecretReply, startSecretServer } from '../../../../support/secret-server.ts';
import { BAD_ANSWERS, vaultStore } from '../../../../support/secret-stores.ts';

const VALUE = 'sk-value-0123456789';
const TOKEN = 'hvs.CAESIJ-token';
const store = (more: Partial<Parameters<typeof vaultStore>[0]> = {}) =>
  vaultStore({
    token: TOKEN,
    secrets: {
      'secret/data/openai': { key: VALUE, number: 7 },
      'secret/data/team a/open ai': { 'api key': VALUE },
      'team/kv/data/openai': { key: VALUE },
    },
    ...more,
  });

test.each([
  ['vault:secret/openai#key', '/v1/secret/data/openai'],
  ['vault:secret/data/openai#key', '/v1/secret/data/openai'],
  ['vault:secret/team a/open ai#api key', '/v1/secret/data/team%20a/open%20ai'],
  ['vault:team/kv/data/openai#key', '/v1/team/kv/data/openai'],
])('%s is read', async (reference, target) => {
  const server = await startSecretServer(store());
  const resolver = testResolver({ environment: { VAULT_ADDR: `${server.url}/`, VAULT_TOKEN: TOKEN } });
  expect(await resolver.resolve(reference)).toBe(VALUE);
  expect(server.questions.map((question) => question.target)).toEqual([target]);
});

test('over HTTPS, trusted as an upstream, by a name that is mapped', async () => {
  const authority = makeTestAuthority();
  const server = await startSecretServer(store(), authority);
  const environment = { VAULT_ADDR: 'https://vault.example:8200', VAULT_TOKEN: TOKEN };
  const connectTo = (host: string, port: number) => {
    expect([host, port]).toEqual(['vault.example', 8200]);
    return server;
  };
  expect(await testResolver({ ca: authority.pem, environment, connectTo }).resolve('vault:secret/openai#key')).toBe(VALUE);
  expect(server.questions[0]?.headers.host).toBe('vault.example:8200');
});

test('VAULT_CACERT is trusted instead', async () => {
  const [authority, other] = [makeTestAuthority(), makeTestAuthority()];
  const server = await startSecretServer(store(), authority);
  const folder = scratchFolder();
  const environment = (file: string) => ({ VAULT_ADDR: server.url, VAULT_TOKEN: TOKEN, VAULT_CACERT: file });
  const good = writeIn(folder, 'good.pem', authority.pem, 0o644);
  const bad = writeIn(folder, 'bad.pem', other.pem, 0o644);
  expect(await testResolver({ environment: environment(good) }).resolve('vault:secret/openai#key')).toBe(VALUE);
  expect(await testResolver({ ca: authority.pem, environment: environment(bad) }).trouble('vault:secret/openai#key')).toContain(
    `the certificate of 127.0.0.1:${server.port} was not accepted`,
  );
  expect(await testResolver({ environment: environment(`${folder}/none`) }).trouble('vault:secret/openai#key')).toContain(
    'which VAULT_CACERT names, cannot be read (ENOENT)',
  );
});

test('a certificate that nobody vouches for, or of another name, gets no token', async () => {
  const authority = makeTestAuthority();
  const server = await startSecretServer(store(), authority);
  const environment = { VAULT_ADDR: 'https://vault.example', VAULT_TOKEN: TOKEN };
  expect(await testResolver({ environment, connectTo: () => server }).trouble('vault:secret/openai#key')).toContain('was not accepted');
  const named = await startSecretServer(store(), { ...authority, context: () => authority.context('other.example') });
  expect(await testResolver({ ca: authority.pem, environment, connectTo: () => named }).trouble('vault:secret/openai#key')).toContain(
    'was not accepted (ERR_TLS_CERT_ALTNAME_INVALID)',
  );
  expect([...server.questions, ...named.questions]).toEqual([]);
});

test('the token comes from ~/.vault-token too, and that must be private', async () => {
  const server = await startSecretServer(store());
  const userHome = scratchFolder();
  const environment = { VAULT_ADDR: server.url };
  const resolver = () => testResolver({ environment, userHome });
  expect(await resolver().trouble('vault:secret/openai#key')).toContain('VAULT_TOKEN is not set, and ');
  writeIn(userHome, '.vault-token', `${TOKEN}\n`, 0o644);
  expect(await resolver().trouble('vault:secret/openai#key')).toContain(`chmod 600 '${userHome}/.vault-token'`);
  writeIn(userHome, '.vault-token', `${TOKEN}\n`);
  expect(await resolver().resolve('vault:secret/openai#key')).toBe(VALUE);
  writeIn(userHome, '.vault-token', 'two\nlines');
  expect(await resolver().trouble('vault:secret/openai#key')).toContain('~/.vault-token holds no token');
});

test('a namespace', async () => {
  const server = await startSecretServer(store({ namespace: 'team/a' }));
  const environment = { VAULT_ADDR: server.url, VAULT_TOKEN: TOKEN, VAULT_NAMESPACE: 'team/a' };
  expect(await testResolver({ environment }).resolve('vault:secret/openai#key')).toBe(VALUE);
});

test('OpenBao’s own variables, where Vault’s address is not set; never some of each', async () => {
  const server = await startSecretServer(store({ namespace: 'team' }));
  const bao = { BAO_ADDR: server.url, BAO_TOKEN: TOKEN, BAO_NAMESPACE: 'team' };
  expect(
    await testResolver({ environment: { ...bao, VAULT_TOKEN: 'other', VAULT_CACERT: '/none' } }).resolve('vault:secret/openai#key'),
  ).toBe(VALUE);
  const both = testResolver({ environment: { ...bao, VAULT_ADDR: server.url } });
  expect(await both.trouble('vault:secret/openai#key')).toContain('VAULT_TOKEN is not set');
  expect(server.questions).toHaveLength(1);
});

test('a lease is how long the value is kept', async () => {
  const server = await startSecretServer(store({ leaseSeconds: 60 }));
  const resolver = testResolver({ environment: { VAULT_ADDR: server.url, VAULT_TOKEN: TOKEN } });
  await resolver.resolve('vault:secret/openai#key');
  resolver.clock.advance(59_999);
  await resolver.resolve('vault:secret/openai#key');
  expect(server.questions).toHaveLength(1);
  resolver.clock.advance(1);
  await resolver.resolve('vault:secret/openai#key');
  expect(server.questions).toHaveLength(2);
});

test.each([
  ['no address', 'vault:secret/openai#key', { VAULT_ADDR: undefined }, 'VAULT_ADDR is not set'],
  ['an address that is none', 'vault:secret/openai#key', { VAULT_ADDR: '127.0.0.1' }, 'VAULT_ADDR is no URL: write https://HOST:PORT'],
  ['an address of another protocol', 'vault:secret/openai#key', { VAULT_ADDR: 'vault.example:8200' }, 'is no https:// URL'],
  [
    'plain HTTP to another machine',
    'vault:secret/openai#key',
    { VAULT_ADDR: 'http://vault.example' },
    'vault.example is asked over https:// only',
  ],
  ['plain HTTP to a look-alike', 'vault:secret/openai#key', { VAULT_ADDR: 'http://127.0.0.1.example' }, 'is asked over https:// only'],
  ['nobody there', 'vault:secret/openai#key', { VAULT_ADDR: 'http://127.0.0.1:1' }, '127.0.0.1:1 refused the connection'],
  [
    'another token',
    'vault:secret/openai#key',
    { VAULT_TOKEN: 'hvs.other' },
    'Vault answered 403: the token is not valid, has ended, or may not read it',
  ],
  ['a token that is none', 'vault:secret/openai#key', { VAULT_TOKEN: 'hvs.a\nb' }, 'VAULT_TOKEN holds no token'],
  ['no such secret', 'vault:secret/none#key', {}, 'Vault answered 404: there is no such secret in a KV store of version 2'],
  ['a deleted secret', 'vault:secret/gone#key', {}, 'the newest version of the secret was deleted'],
  ['no such field', 'vault:secret/openai#none', {}, 'the secret has no text data.data.none'],
  ['a field that is no text', 'vault:secret/openai#number', {}, 'the secret has no text data.data.number'],
  ['a field of every object', 'vault:secret/openai#constructor', {}, 'the secret has no text'],
])('%s', async (_, reference, change, why) => {
  const server = await startSecretServer(store({ deleted: ['secret/data/gone'] }));
  const trouble = await testResolver({ environment: { VAULT_ADDR: server.url, VAULT_TOKEN: TOKEN, ...change } }).trouble(reference);
  expect(trouble).toContain(`${reference}: `);
  expect(trouble).toContain(why);
  expect(trouble).not.toMatch(/hvs\.|sk-value/);
});

test.each(BAD_ANSWERS)('an answer that is %s', async (_, reply: SecretReply, why) => {
  const server = await startSecretServer(() => reply);
  const trouble = await testResolver({ environment: { VAULT_ADDR: server.url, VAULT_TOKEN: TOKEN } }).trouble('vault:secret/openai#key');
  expect(trouble).toMatch(why);
  expect(trouble).not.toMatch(/hvs\.|sk-value/);
  expect(server.questions).toHaveLength(1);
});

test.each([
  'vault:',
  'vault:secret',
  'vault:secret/openai',
  'vault:secret#key',
  'vault:secret/openai#',
  'vault:/secret/openai#key',
  'vault:secret//openai#key',
  'vault:secret/../sys#key',
  'vault:secret/./a#key',
  'vault:secret/data#key',
  'vault:secret/a#b#c',
])('%j is none', (reference) => {
  expect(() => testResolver().check(reference)).toThrow('vault:MOUNT/SECRET#FIELD');
});
