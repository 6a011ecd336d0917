// Keys from where their owner keeps them: fetched when a request needs one, put in, known from then on, and never told.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: our templates are written like this.
import { chmodSync, writeFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { makeTestAuthority } from '../support/certificates.ts';
import { connectTlsTunnel } from '../support/client.ts';
import { startDaemonProcess } from '../support/daemon-process.ts';
import { eventually } from '../support/eventually.ts';
import { startFakeProvider } from '../support/fake-provider.ts';
import { scratchFolder } from '../support/folder.ts';
import { requestBytes } from '../support/http1.ts';
import { recorder, writeIn } from '../support/references.ts';
import { json, newUser } from '../support/sallyport.ts';
import { leaksOf } from '../support/secret-forms.ts';
import { startSecretServer } from '../support/secret-server.ts';
import { awsStore, azureStore, gcpStore, vaultStore } from '../support/secret-stores.ts';

const KINDS = ['env', 'file', 'exec', 'keychain', 'op', 'vault', 'aws-sm', 'azure-kv', 'gcp-sm'] as const;
type Kind = (typeof KINDS)[number];
const keyOf = (kind: Kind) => `key-of-${kind}-0123456789`;
const hostOf = (kind: Kind) => `${kind}.example.test`;
const TOKENS = { vault: 'hvs.the-token', azure: 'eyJ.the-token', google: 'ya29.the-token' };
const TENANT = '01234567-89ab-cdef-0123-456789abcdef';

/** A user's machine: files, programs and servers that hold one key each, and what leads to them. */
async function stage() {
  const folder = scratchFolder();
  const keyFile = writeIn(folder, 'key', `${keyOf('file')}\n`);
  const prints = (text: string) => `console.log('${text}');`;
  const pass = recorder('pass', prints(keyOf('exec')));
  const programs = [
    pass,
    recorder(process.platform === 'darwin' ? 'security' : 'secret-tool', prints(keyOf('keychain'))),
    recorder('op', prints(keyOf('op'))),
    recorder('az', prints(TOKENS.azure)),
    recorder('gcloud', prints(TOKENS.google)),
  ];
  const authority = makeTestAuthority();
  const vault = await startSecretServer(vaultStore({ token: TOKENS.vault, secrets: { 'kv/data/ai': { key: keyOf('vault') } } }), authority);
  const login = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'the-secret-access-key' };
  const aws = await startSecretServer(awsStore({ ...login, region: 'eu-west-1', secrets: { ai: { text: keyOf('aws-sm') } } }), authority);
  const azure = await startSecretServer(
    azureStore({ tenant: TENANT, client: 'none', vault: 'my-vault', secrets: { ai: keyOf('azure-kv') }, token: TOKENS.azure }),
    authority,
  );
  const secrets = { 'projects/p/secrets/ai/versions/latest': keyOf('gcp-sm') };
  const google = await startSecretServer(gcpStore({ secrets, token: TOKENS.google }), authority);
  const references: Record<Kind, string> = {
    env: 'env:MY_KEY',
    file: `file:${keyFile}`,
    exec: 'exec:pass show "ai key"',
    keychain: 'keychain:ai/ann@example.org',
    op: 'op:Private/AI/credential',
    vault: 'vault:kv/ai#key',
    'aws-sm': 'aws-sm:ai@eu-west-1',
    'azure-kv': 'azure-kv:my-vault/ai',
    'gcp-sm': 'gcp-sm:projects/p/secrets/ai',
  };
  const inject = KINDS.map((kind) => ({
    host: hostOf(kind),
    header: 'authorization',
    value: `Bearer \${${references[kind]}}`,
    replaces: `dummy-${kind}`,
  }));
  return {
    keyFile,
    pass,
    references,
    config: writeIn(folder, 'sallyport.json', JSON.stringify({ inject })),
    /** Questions that the stores were asked. */
    asked: () => [vault, aws, azure, google].map(({ questions }) => questions.length),
    ca: authority.pem,
    /** Names of vendors lead to their stores here. */
    connectTo: [`my-vault.vault.azure.net=127.0.0.1:${azure.port}`, `secretmanager.googleapis.com=127.0.0.1:${google.port}`],
    env: {
      MY_KEY: keyOf('env'),
      PATH: [...programs.map((program) => program.folder), process.env.PATH].join(':'),
      VAULT_ADDR: vault.url,
      VAULT_TOKEN: TOKENS.vault,
      AWS_ACCESS_KEY_ID: login.accessKeyId,
      AWS_SECRET_ACCESS_KEY: login.secretAccessKey,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: aws.url,
    },
    secrets: [...KINDS.map(keyOf), ...Object.values(TOKENS), login.secretAccessKey],
  };
}

const mapped = (connectTo: readonly string[]) => connectTo.flatMap((to) => ['--connect-to', to]);

test('each kind is fetched at its first use, and known from then on', async () => {
  const { pass, asked, config, env, keyFile, ca, connectTo, secrets } = await stage();
  const fake = await startFakeProvider();
  onTestFinished(() => fake.close());
  const args = ['--config', config, ...mapped([...connectTo, `*=${fake.host}:${fake.port}`])];
  const daemon = await startDaemonProcess({ upstreamCa: fake.authority.pem + ca, args, env });
  onTestFinished(async () => void (await daemon.stop('SIGKILL')));
  const post = async (kind: Kind, words: string) => {
    const client = await connectTlsTunnel(daemon, `${hostOf(kind)}:443`, { ca: daemon.ca, alpn: ['http/1.1'] });
    onTestFinished(() => client.destroy());
    const head = ['Host', hostOf(kind), 'Content-Type', 'application/json', 'Authorization', `Bearer dummy-${kind}`];
    const body = JSON.stringify({ messages: [{ role: 'user', content: words }] });
    const reply = await client.request('POST /v1/chat/completions', head, body);
    return { status: reply.status, text: reply.body.toString(), seen: fake.capture.requests.at(-1)! };
  };
  expect(pass.calls()).toEqual([]);
  expect(asked()).toEqual([0, 0, 0, 0]);
  for (const kind of KINDS) {
    const { seen } = await post(kind, 'hello');
    expect(seen.headers).toContain(`Bearer ${keyOf(kind)}`);
    const again = await post(kind, `my key is ${keyOf(kind)}`);
    expect(again.seen.headers).toContain(`Bearer ${keyOf(kind)}`);
    expect(leaksOf(keyOf(kind), again.seen.body.toString())).toEqual([]);
  }
  expect(pass.calls().map(({ argv }) => argv)).toEqual([['show', 'ai key']]);
  expect(Object.keys(pass.calls()[0]!.env)).not.toContain('MY_KEY');
  expect(asked()).toEqual([1, 1, 1, 1]);

  const before = fake.capture.requests.length;
  writeFileSync(keyFile, 'key-file-renewed-0123456789\n');
  chmodSync(keyFile, 0o644);
  expect((await post('file', 'still kept')).status).toBe(200);
  daemon.child.kill('SIGHUP');
  await eventually(() => expect(daemon.output()).toContain('reloaded'));
  const refused = await post('file', 'no longer');
  expect(refused.status).toBe(502);
  expect(refused.text).not.toContain(keyFile);
  expect(fake.capture.requests).toHaveLength(before + 1);
  await eventually(() => expect(daemon.output()).toContain(`chmod 600 '${keyFile}'`));
  for (const secret of [...secrets, 'renewed']) expect(daemon.output()).not.toContain(secret);
});

test('doctor says which have a value, with and without a daemon, and shows none', async () => {
  const { config, env, keyFile, asked, references, ca, connectTo, secrets } = await stage();
  const user = newUser();
  chmodSync(keyFile, 0o640);
  const words = ['--config', config, '--listen', '127.0.0.1:0', '--upstream-ca', writeIn(user.folder, 'ca.pem', ca), ...mapped(connectTo)];
  const look = async (environment: Readonly<Record<string, string>>) => {
    const { code, stdout } = await user.run(['doctor', '--quick', '--json', ...words], { env: environment });
    const { findings } = json<{ findings: { check: string; state: string; text: string; fix?: string }[] }>(stdout);
    for (const secret of secrets) expect(stdout).not.toContain(secret);
    return { code, rows: findings.filter(({ check }) => check === 'reference').map(({ state, text, fix }) => [state, text, fix]) };
  };
  const expected = KINDS.map((kind) => {
    const shown = kind === 'exec' ? 'exec:pass …' : references[kind];
    const command = `chmod 600 '${keyFile}'`;
    return kind === 'file'
      ? ['fail', `${shown}: ${keyFile} can be read by others: ${command}`, command]
      : ['ok', `${shown} has a value`, undefined];
  });
  expect(await look(env)).toEqual({ code: 1, rows: expected });
  expect((await user.run(['start', ...words], { env })).code).toBe(0);
  // What the daemon can fetch counts, whatever the shell of the moment holds.
  expect((await look({})).rows).toEqual(expected);
  expect(asked()).toEqual([2, 2, 2, 2]);
});

test('a reference that is none stops the start, in one line that does not repeat it', async () => {
  const user = newUser();
  for (const [value, why] of [
    ['Bearer ${env:sk-live-0123}', 'env:NAME'],
    ['Bearer ${evn:sk-live-0123}', 'begins with env:, '],
    ['Bearer ${vault:secret/x}', 'vault:MOUNT/SECRET#FIELD'],
  ] as const) {
    const config = writeIn(user.folder, 'c.json', JSON.stringify({ inject: [{ host: 'api.openai.com', header: 'authorization', value }] }));
    const { code, stderr } = await user.run(['start', '--config', config]);
    expect(code).toBe(1);
    expect(stderr).toContain(why);
    expect(stderr).toContain('inject');
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).not.toContain('0123');
  }
});

test('a client that leaves while its key is fetched: the store is let go, and nothing is sent', async () => {
  const fake = await startFakeProvider();
  onTestFinished(() => fake.close());
  const vault = await startSecretServer(() => 'silent');
  const inject = [{ host: hostOf('vault'), header: 'x-api-key', value: '${vault:kv/ai#key}', replaces: 'dummy' }];
  const daemon = await startDaemonProcess({
    upstream: fake,
    upstreamCa: fake.authority.pem,
    args: ['--config', writeIn(scratchFolder(), 'sallyport.json', JSON.stringify({ inject }))],
    env: { VAULT_ADDR: vault.url, VAULT_TOKEN: TOKENS.vault },
  });
  onTestFinished(async () => void (await daemon.stop('SIGKILL')));
  const client = await connectTlsTunnel(daemon, `${hostOf('vault')}:443`, { ca: daemon.ca, alpn: ['http/1.1'] });
  client.stream.write(requestBytes('POST /v1/messages', ['Host', hostOf('vault'), 'X-Api-Key', 'dummy'], '{}'));
  await vault.asked(1);
  client.destroy();
  await vault.left(1);
  expect(fake.capture.requests).toEqual([]);
  expect(daemon.output()).not.toContain('key-missing');
});
