// A vault whose key is changed beside a daemon that runs, and a daemon that starts without the key: it runs without credentials, passes no
// AI host through unguarded, and goes on as ever once somebody hands it the key.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { connectTlsTunnel, connectTunnel } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { json, newUser, type User } from '../support/sallyport.ts';
import { startDaemon } from '../support/user-daemon.ts';

const KEY = `sk-ant-api03-${'tulip'.repeat(8)}`;
const NEXT = `sk-ant-api03-${'maple'.repeat(8)}`;
const HOST = 'api.anthropic.com';
const env = { SALLYPORT_PASSPHRASE: 'tulip harbour 9 sofa' };

type Daemon = Awaited<ReturnType<typeof startDaemon>>;

async function keyThatArrives(user: User, daemon: Daemon, placeholder: string): Promise<string | undefined> {
  const ca = readFileSync(join(user.home, 'ca.pem'), 'utf8');
  const client = await connectTlsTunnel(daemon, `${HOST}:443`, { ca, alpn: ['http/1.1'] });
  onTestFinished(() => client.destroy());
  await client.request('POST /v1/messages', ['Host', HOST, 'X-Api-Key', placeholder], '{"messages":[]}');
  return daemon.provider.capture.requests.at(-1)!.headers.at(-1 - 2);
}

test('a daemon follows its vault to another key, and starts without one', { timeout: 120_000 }, async () => {
  const user = newUser();
  const first = await startDaemon(user);
  expect((await user.run(['vault', 'set', 'claude', '--host', HOST], { input: KEY })).code).toBe(0);
  const { placeholder } = json<{ placeholder: string }>((await user.run(['vault', 'show', 'claude', '--json'])).stdout);
  await eventually(async () => expect(await keyThatArrives(user, first, placeholder)).toBe(KEY));

  // The daemon knows no passphrase: it is handed the key, and opens with it what is sealed under the next data key.
  expect(await user.run(['vault', 'key', 'use', 'passphrase'], { env })).toMatchObject({
    code: 0,
    stderr: expect.not.stringContaining('daemon'),
  });
  expect(await user.run(['vault', 'rekey'], { env })).toMatchObject({ code: 0, stderr: '' });
  expect((await user.run(['vault', 'rotate', 'claude'], { env, input: NEXT })).code).toBe(0);
  await eventually(async () => expect(await keyThatArrives(user, first, placeholder)).toBe(NEXT));
  expect((await user.run(['status', '--json'])).stdout).not.toContain('vaultLocked');
  expect((await user.run(['stop'])).code).toBe(0);

  const second = await startDaemon(user);
  const reason = expect.stringContaining('the vault is locked: its passphrase is missing');
  expect(json((await user.run(['status', '--json'])).stdout)).toMatchObject({ vaultLocked: reason });
  expect((await user.run(['status'])).stdout).toMatch(/^vault +the vault is locked/m);
  expect(await user.run(['run', '--', 'true'])).toMatchObject({ code: 1, stderr: reason });
  const refused = await connectTunnel(second, `${HOST}:443`);
  expect(refused.tunnelReply).toMatchObject({ status: 503 });
  expect(String(refused.tunnelReply!.body)).toContain('vault-locked');
  refused.destroy();
  // What nobody guards goes through as ever.
  const other = await connectTunnel(second, 'other.test:443');
  expect(other.tunnelReply).toMatchObject({ status: 200 });
  other.destroy();
  expect(second.provider.capture.requests).toEqual([]);

  expect(await user.run(['vault', 'unlock'])).toMatchObject({ code: 1, stderr: reason });
  expect(await user.run(['vault', 'unlock'], { env })).toMatchObject({
    code: 0,
    stdout: 'the vault was not locked\nthe daemon that runs has its key\n',
  });
  expect(await keyThatArrives(user, second, placeholder)).toBe(NEXT);
  expect((await user.run(['audit', 'list', '--json'], { env })).stdout).toMatch(/vault key use[\s\S]*vault rekey/);
  expect((await user.run(['audit', 'verify'], { env })).code).toBe(0);
  expect(readFileSync(join(user.home, 'sallyport.log'), 'utf8')).not.toContain('could not be followed');
});
