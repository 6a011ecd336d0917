// Keys from where their owner keeps them: fetched when a request needs one, put in, known from then on, and never told.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: our templates are written like this.
import { chmodSync, writeFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
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
import { vaultStore } from '../support/secret-stores.ts';
import { startWorld } from '../support/world.ts';

const KEYS = { env: 'key-env-0123456789', file: 'key-file-0123456789', exec: 'key-exec-0123456789', vault: 'key-vault-0123456789' };
const HOSTS = { env: 'api.anthropic.com', file: 'api.openai.com', exec: 'api.mistral.ai', vault: 'openrouter.ai' };
type Kind = keyof typeof KEYS;
const TOKEN = 'hvs.the-token-of-vault';

async function stage() {
  const folder = scratchFolder();
  const keyFile = writeIn(folder, 'key', `${KEYS.file}\n`);
  const pass = recorder('pass', `console.log('${KEYS.exec}');`);
  const answers = vaultStore({ token: TOKEN, secrets: { 'kv/data/ai': { key: KEYS.vault } } });
  const server = await startSecretServer(answers);
  const references: Record<Kind, string> = {
    env: 'env:MY_KEY',
    file: `file:${keyFile}`,
    exec: 'exec:pass show "ai key"',
    vault: 'vault:kv/ai#key',
  };
  const inject = (Object.keys(KEYS) as Kind[]).map((kind) => ({
    host: HOSTS[kind],
    header: 'authorization',
    value: `Bearer \${${references[kind]}}`,
    replaces: `dummy-${kind}`,
  }));
  const config = writeIn(folder, 'sallyport.json', JSON.stringify({ inject }));
  const env = { MY_KEY: KEYS.env, PATH: `${pass.folder}:${process.env.PATH}`, VAULT_ADDR: server.url, VAULT_TOKEN: TOKEN };
  return { folder, keyFile, pass, server, references, config, env };
}

test('each kind is fetched at its first use, and known from then on', async () => {
  const { pass, server, config, env, keyFile } = await stage();
  const fake = await startFakeProvider();
  onTestFinished(() => fake.close());
  const daemon = await startDaemonProcess({ upstream: fake, upstreamCa: fake.authority.pem, args: ['--config', config], env });
  onTestFinished(async () => void (await daemon.stop('SIGKILL')));
  const post = async (kind: Kind, words: string) => {
    const client = await connectTlsTunnel(daemon, `${HOSTS[kind]}:443`, { ca: daemon.ca, alpn: ['http/1.1'] });
    onTestFinished(() => client.destroy());
    const head = ['Host', HOSTS[kind], 'Content-Type', 'application/json', 'Authorization', `Bearer dummy-${kind}`];
    const body = JSON.stringify({ messages: [{ role: 'user', content: words }] });
    const reply = await client.request('POST /v1/chat/completions', head, body);
    return { status: reply.status, text: reply.body.toString(), seen: fake.capture.requests.at(-1)! };
  };
  expect(pass.calls()).toEqual([]);
  expect(server.questions).toEqual([]);
  for (const kind of Object.keys(KEYS) as Kind[]) {
    const { seen } = await post(kind, 'hello');
    expect(seen.headers).toContain(`Bearer ${KEYS[kind]}`);
    const again = await post(kind, `my key is ${KEYS[kind]}`);
    expect(again.seen.headers).toContain(`Bearer ${KEYS[kind]}`);
    expect(leaksOf(KEYS[kind], again.seen.body.toString())).toEqual([]);
  }
  expect(pass.calls().map(({ argv }) => argv)).toEqual([['show', 'ai key']]);
  expect(Object.keys(pass.calls()[0]!.env)).not.toContain('MY_KEY');
  expect(server.questions).toHaveLength(1);

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
  for (const secret of [...Object.values(KEYS), TOKEN, 'renewed']) expect(daemon.output()).not.toContain(secret);
});

test('doctor says which have a value, with and without a daemon, and shows none', async () => {
  const { config, env, keyFile, server, references } = await stage();
  const user = newUser();
  chmodSync(keyFile, 0o640);
  const look = async (environment: Readonly<Record<string, string>>) => {
    const { code, stdout } = await user.run(['doctor', '--json', '--config', config, '--listen', '127.0.0.1:0'], { env: environment });
    const { findings } = json<{ findings: { check: string; state: string; text: string; fix?: string }[] }>(stdout);
    for (const secret of [...Object.values(KEYS), TOKEN]) expect(stdout).not.toContain(secret);
    return { code, rows: findings.filter(({ check }) => check === 'reference').map(({ state, text, fix }) => [state, text, fix]) };
  };
  const expected = [
    ['ok', 'env:MY_KEY has a value', undefined],
    ['fail', `${references.file}: ${keyFile} can be read by others: chmod 600 '${keyFile}'`, `chmod 600 '${keyFile}'`],
    ['ok', 'exec:pass … has a value', undefined],
    ['ok', `${references.vault} has a value`, undefined],
  ];
  expect(await look(env)).toEqual({ code: 1, rows: expected });
  expect((await user.run(['start', '--config', config, '--listen', '127.0.0.1:0'], { env })).code).toBe(0);
  // What the daemon can fetch counts, whatever the shell of the moment holds.
  expect((await look({})).rows).toEqual(expected);
  expect(server.questions).toHaveLength(2);
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

test('a client that leaves while its key is fetched is gone, and nothing is sent', async () => {
  const { promise: never } = Promise.withResolvers<string>();
  const value = '${vault:kv/ai#key}';
  const world = await startWorld({
    daemon: { settings: { inject: [{ host: HOSTS.env, header: 'x-api-key', value, replaces: 'dummy' }] }, secrets: { [value]: never } },
  });
  const client = await world.connect(HOSTS.env);
  client.stream.write(requestBytes('POST /v1/messages', ['Host', HOSTS.env, 'X-Api-Key', 'dummy'], '{}'));
  await eventually(() => expect(world.daemon.proxy.status().exchanges).toBe(1));
  client.destroy();
  expect((await world.daemon.record()).fault).toBe('client-gone');
  expect(world.provider.capture.requests).toEqual([]);
});
