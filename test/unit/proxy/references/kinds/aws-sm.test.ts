// AWS Secrets Manager, through Amazon's client: a store that checks each signature, and what goes wrong.
import { execFileSync } from 'node:child_process';
import { cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeEach, expect, test, vi } from 'vitest';
import { makeTestAuthority } from '../../../../support/certificates.ts';
import { scratchFolder } from '../../../../support/folder.ts';
import { testResolver } from '../../../../support/references.ts';
import { startSecretServer } from '../../../../support/secret-server.ts';
import { awsStore, BAD_ANSWERS } from '../../../../support/secret-stores.ts';

const VALUE = 'sk-value-0123456789';
const ARN = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:ai/openai-AbCdEf';
const LOGIN = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCY', AWS_REGION: 'eu-west-1' };
const store = (more: Partial<Parameters<typeof awsStore>[0]> = {}) =>
  awsStore({
    accessKeyId: LOGIN.AWS_ACCESS_KEY_ID,
    secretAccessKey: LOGIN.AWS_SECRET_ACCESS_KEY,
    region: 'eu-west-1',
    secrets: {
      'ai/openai': { text: VALUE },
      'ai/json': { text: JSON.stringify({ 'api key': VALUE, number: 7 }) },
      'ai/bytes': { bytes: VALUE },
      'a@b+c=d.e_f-g': { text: VALUE },
      [ARN]: { text: VALUE },
    },
    ...more,
  });

// What the client finds on this machine must not decide, and nobody asks a metadata service.
beforeEach(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) vi.stubEnv(name, undefined);
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  vi.stubEnv('AWS_CONFIG_FILE', '/nonexistent');
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nonexistent');
  return () => vi.unstubAllEnvs();
});

test.each([
  ['aws-sm:ai/openai', 'eu-west-1', 'ai/openai'],
  ['aws-sm:ai/json#api key', 'eu-west-1', 'ai/json'],
  ['aws-sm:ai/bytes', 'eu-west-1', 'ai/bytes'],
  ['aws-sm:ai/openai@us-gov-west-1', 'us-gov-west-1', 'ai/openai'],
  ['aws-sm:ai/json#api key@ap-southeast-2', 'ap-southeast-2', 'ai/json'],
  ['aws-sm:a@b+c=d.e_f-g', 'eu-west-1', 'a@b+c=d.e_f-g'],
  [`aws-sm:${ARN}`, 'eu-central-1', ARN],
])('%s is read', async (reference, region, id) => {
  const server = await startSecretServer(store({ region }));
  const resolver = testResolver({ environment: { ...LOGIN, AWS_ENDPOINT_URL_SECRETS_MANAGER: server.url } });
  expect(await resolver.resolve(reference)).toBe(VALUE);
  expect(server.questions.map(({ body }) => JSON.parse(body))).toEqual([{ SecretId: id }]);
});

test('over HTTPS at the host of the region, trusted and reached as upstreams are', async () => {
  const authority = makeTestAuthority();
  const server = await startSecretServer(store({ sessionToken: 'FwoG/session' }), authority);
  const asked: unknown[] = [];
  const resolver = testResolver({
    ca: authority.pem,
    environment: { ...LOGIN, AWS_SESSION_TOKEN: 'FwoG/session' },
    connectTo: (host, port) => {
      asked.push([host, port]);
      return server;
    },
  });
  expect(await resolver.resolve('aws-sm:ai/openai')).toBe(VALUE);
  expect(asked).toEqual([['secretsmanager.eu-west-1.amazonaws.com', 443]]);
});

test.each([
  ['another key', 'aws-sm:ai/openai', { AWS_SECRET_ACCESS_KEY: 'other' }, 'AWS answered 400: InvalidSignatureException'],
  ['another user', 'aws-sm:ai/openai', { AWS_ACCESS_KEY_ID: 'AKIDOTHER' }, 'AWS answered 400: UnrecognizedClientException'],
  ['no such secret', 'aws-sm:ai/none', {}, 'AWS answered 400: ResourceNotFoundException'],
  ['no such field', 'aws-sm:ai/json#none', {}, 'the secret has no text none'],
  ['a field that is no text', 'aws-sm:ai/json#number', {}, 'the secret has no text number'],
  ['a field of what is no JSON', 'aws-sm:ai/openai#key', {}, 'the secret is not JSON'],
  [
    'plain HTTP to another machine',
    'aws-sm:ai/openai',
    { AWS_ENDPOINT_URL_SECRETS_MANAGER: 'http://aws.example' },
    'aws.example is asked over https:// only',
  ],
  ['nobody there', 'aws-sm:ai/openai', { AWS_ENDPOINT_URL_SECRETS_MANAGER: 'http://127.0.0.1:1' }, '127.0.0.1:1 refused the connection'],
  ['no region', 'aws-sm:ai/openai', { AWS_REGION: undefined }, 'no region for AWS was found'],
  ['nobody to be', 'aws-sm:ai/openai', { AWS_ACCESS_KEY_ID: undefined }, 'no credentials for AWS were found'],
])('%s', async (_, reference, change, why) => {
  const server = await startSecretServer(store());
  const trouble = await testResolver({ environment: { ...LOGIN, AWS_ENDPOINT_URL_SECRETS_MANAGER: server.url, ...change } }).trouble(
    reference,
  );
  expect(trouble).toContain(`${reference}: `);
  expect(trouble).toContain(why);
  expect(trouble).not.toMatch(/sk-value|AKID|wJalr/);
});

test.each([
  ...BAD_ANSWERS,
  ['400 without a name', { status: 400, body: {} } as const, /AWS answered 400$/] as const,
  ['a throttle', { status: 400, body: { __type: 'ThrottlingException' } } as const, /AWS answered 400: ThrottlingException$/] as const,
])('an answer that is %s', async (_, reply, why) => {
  const server = await startSecretServer(() => reply);
  const trouble = await testResolver({ environment: { ...LOGIN, AWS_ENDPOINT_URL: server.url } }).trouble('aws-sm:ai/openai');
  expect(trouble).toMatch(why);
  expect(trouble).not.toMatch(/sk-value|AKID|wJalr/);
  expect(server.questions).toHaveLength(1);
});

test('an answer that does not come is not waited for', async () => {
  const server = await startSecretServer(() => 'silent');
  const resolver = testResolver({ environment: { ...LOGIN, AWS_ENDPOINT_URL: server.url } });
  const trouble = resolver.trouble('aws-sm:ai/openai');
  await server.asked(1);
  resolver.clock.advance(10_000);
  expect(await trouble).toContain('there was no answer within 10 s');
  await server.left(1);
});

test('where Amazon’s client is not installed, one line says what to install', () => {
  const folder = scratchFolder();
  cpSync(join(import.meta.dirname, '../../../../../src'), join(folder, 'src'), { recursive: true });
  symlinkSync(join(import.meta.dirname, '../../../../../package.json'), join(folder, 'package.json'));
  const kind = pathToFileURL(join(folder, 'src/proxy/references/kinds/aws-sm.ts')).href;
  const script = `import('${kind}').then(({ awsSm }) => awsSm.resolve('a', { environment: {} })).catch((thrown) => console.log(thrown.message));`;
  expect(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' })).toBe(
    'a package is not installed: npm install @aws-sdk/client-secrets-manager\n',
  );
});

test.each(['aws-sm:', 'aws-sm:a b', 'aws-sm:a#', 'aws-sm:#key', 'aws-sm:a#b#c', 'aws-sm:a?b'])('%j is none', (reference) => {
  expect(() => testResolver().check(reference)).toThrow('aws-sm:NAME');
});
