// What holds requests back, from outside: a provider that limits and fails, the commands that show it and take it back, and a restart between.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { connectTlsTunnel } from '../support/client.ts';
import { startDaemonProcess } from '../support/daemon-process.ts';
import { startFakeProvider } from '../support/fake-provider.ts';
import { headerOf } from '../support/http1.ts';
import { json, newUser } from '../support/sallyport.ts';

const HOST = 'api.anthropic.com';
const KEY = 'sk-ant-api03-not-a-real-one';

interface Told {
  readonly rows: readonly Record<string, unknown>[];
  readonly counts: Readonly<Record<string, number>>;
}

function configure(home: string, words: string): void {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  writeFileSync(join(home, 'sallyport.yaml'), `resilience:\n  hosts:\n    ${HOST}: {${words}}\n`, { mode: 0o600 });
}

test('a pause and an open breaker are shown, outlive a restart, and are taken back with the daemon and without', {
  timeout: 120_000,
}, async () => {
  const user = newUser();
  let refusal: { status: number; headers?: readonly string[] } | undefined = { status: 429, headers: ['retry-after', '50'] };
  const fake = await startFakeProvider({ refuse: () => refusal });
  onTestFinished(() => fake.close());
  configure(user.home, 'mode: enforce');
  const start = async () => {
    const daemon = await startDaemonProcess({ upstream: fake, upstreamCa: fake.authority.pem, home: user.home });
    onTestFinished(async () => void (await daemon.stop('SIGKILL')));
    const ask = async (model: string) => {
      const client = await connectTlsTunnel(daemon, `${HOST}:443`, { ca: daemon.ca, alpn: ['http/1.1'] });
      const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'hello' }] });
      return client
        .request('POST /v1/messages', ['Host', HOST, 'X-Api-Key', KEY, 'Content-Type', 'application/json'], body)
        .finally(() => client.destroy());
    };
    return { ...daemon, ask };
  };
  const told = async (...words: string[]) => json<Told>((await user.run([...words, '--json'])).stdout);

  let daemon = await start();
  expect((await user.run(['limits'])).stdout).toMatch(/^no limit is known yet/);
  expect((await user.run(['breaker'])).stdout).toMatch(/^no breaker has anything to tell/);
  await daemon.ask('claude-a');
  expect(headerOf(await daemon.ask('claude-a'), 'x-sallyport-fault')).toBe('cooling-down');
  refusal = { status: 529 };
  for (let i = 0; i < 8; i++) await daemon.ask('claude-b');
  expect(headerOf(await daemon.ask('claude-b'), 'x-sallyport-fault')).toBe('breaker-open');

  const limits = await user.run(['limits']);
  expect(limits.stdout).toMatch(/^host +what +model +credential +state +until +waiting +detail\n/);
  expect(limits.stdout).toMatch(/api\.anthropic\.com +cooldown +claude-a +[0-9a-f]{6} +cooling +\d+ s +- +level 1\n/);
  expect(limits.stdout).toMatch(/since the start: 1 refused \(cooldown\)\n$/);
  const breaker = await user.run(['breaker', 'show', HOST]);
  expect(breaker.stdout).toMatch(/api\.anthropic\.com +breaker +claude-b +- +open +\d+ s +- +4 of 8 failed\n/);
  expect(await told('breaker', 'show', 'other.example')).toMatchObject({ rows: [] });
  expect(JSON.stringify([limits, breaker])).not.toContain(KEY);

  await daemon.stop('SIGKILL');
  daemon = await start();
  expect(headerOf(await daemon.ask('claude-a'), 'x-sallyport-fault')).toBe('cooling-down');
  refusal = undefined;
  expect(await user.run(['limits', 'reset', HOST])).toMatchObject({ code: 0, stdout: `took back 1 state of ${HOST}\n` });
  expect((await daemon.ask('claude-a')).status).toBe(200);
  expect((await user.run(['audit', 'list'])).stdout).toContain(`limits reset ${HOST}`);

  await daemon.stop('SIGTERM');
  expect((await user.run(['breaker'])).code).toBe(3);
  expect(await told('breaker', 'reset', '--all')).toEqual({ reset: 1 });
  expect((await user.run(['breaker', 'reset', '--all'])).stdout).toBe('nothing to take back\n');
  daemon = await start();
  expect((await daemon.ask('claude-b')).status).toBe(200);
});

test('mistakes: one line, the right code', async () => {
  const user = newUser();
  expect(await user.run(['limits'])).toMatchObject({ code: 3 });
  expect(await user.run(['limits', 'reset'])).toMatchObject({
    code: 2,
    stderr: 'sallyport: limits reset which? Name a host, or give --all\n',
  });
  expect(await user.run(['breaker', 'reset', HOST, '--all'])).toMatchObject({ code: 2, stderr: 'sallyport: --all goes without a host\n' });
  expect(await user.run(['limits', 'undo'])).toMatchObject({ code: 2 });
  configure(user.home, 'mde: enforce');
  expect((await user.run(['start'])).stderr).toMatch(
    /sallyport\.yaml:3: resilience\.hosts\.api\.anthropic\.com: unknown key «mde» \(did you mean «mode»\?\)/,
  );
});
