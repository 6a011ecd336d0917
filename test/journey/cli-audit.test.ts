// The audit log from outside: the daemon writes it, commands read it with the daemon running and without, and what was done to it is found.
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test, vi } from 'vitest';
import { connectTlsTunnel } from '../support/client.ts';
import { startDaemonProcess } from '../support/daemon-process.ts';
import { startFakeProvider } from '../support/fake-provider.ts';
import { FREE, json, newUser } from '../support/sallyport.ts';
import { EMAIL } from '../support/samples.ts';

const HOST = 'api.anthropic.com';
const LONG = { timeout: 90_000 };

/** A daemon with a provider behind it, and its user. */
async function stage(args: readonly string[] = []) {
  const user = newUser();
  const fake = await startFakeProvider();
  onTestFinished(() => fake.close());
  const start = async () => {
    const daemon = await startDaemonProcess({ upstream: fake, upstreamCa: fake.authority.pem, home: user.home, args });
    onTestFinished(async () => void (await daemon.stop('SIGKILL')));
    const ask = async (words: string, client = 'claude-cli/2.1.330 (external, cli)') => {
      const c = await connectTlsTunnel(daemon, `${HOST}:443`, { ca: daemon.ca, alpn: ['http/1.1'] });
      onTestFinished(() => c.destroy());
      const body = Buffer.from(JSON.stringify({ model: 'claude-opus-4-5', messages: [{ role: 'user', content: words }] }));
      return c.request('POST /v1/messages', ['Host', HOST, 'User-Agent', client, 'Content-Type', 'application/json'], body);
    };
    return { ...daemon, ask };
  };
  const rows = async (...words: string[]) => {
    const { stdout } = await user.run(['log', '--json', ...words]);
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  };
  /** Rows are written in batches. */
  const written = (count: number) => vi.waitFor(async () => expect(await rows()).toHaveLength(count), { timeout: 20_000, interval: 200 });
  return { user, start, rows, written };
}

test('an exchange and a reload leave rows; the log is shown, listed, exported and verified', LONG, async () => {
  const { user, start, rows, written } = await stage();
  const daemon = await start();
  expect((await daemon.ask(`Write to ${EMAIL}`)).status).toBe(200);
  expect((await daemon.ask('hello', 'codex_exec/0.9')).status).toBe(200);
  await written(2);
  expect((await rows())[0]).toMatchObject({
    row: 1,
    kind: 'exchange',
    client: 'claude-cli',
    model: 'claude-opus-4-5',
    tokensIn: 11,
    tokensOut: 22,
  });
  expect(await rows('--client', 'codex')).toMatchObject([{ row: 2, clientVersion: '0.9', verdict: 'pass' }]);
  expect(await rows('--verdict', 'deny')).toEqual([]);
  const shown = (await user.run(['log', '--host', 'anthropic', '--since', '1h', '--limit', '1'], { env: { FORCE_COLOR: '1' } })).stdout;
  expect(shown).toMatch(/^[\d-]{10} [\d:]{8} {2}pass {3}200 {2}codex_exec 0\.9 +anthropic +claude-opus-4-5 +11 > 22 +\+[\d.]+ ms\n$/);
  writeFileSync(join(user.home, 'sallyport.yaml'), 'idle_seconds: 60\n');
  expect((await user.run(['reload'])).code).toBe(0);
  const listed = await user.run(['audit', 'list']);
  expect(listed.stdout).toMatch(new RegExp(`^[\\d-]{10} [\\d:]{8} {2}uid ${process.getuid!()} {2}reload {2}idle_seconds: 600 -> 60\\n$`));
  expect(json((await user.run(['audit', 'list', '--json'])).stdout)).toMatchObject({
    row: 3,
    what: 'reload',
    after: { idle_seconds: '60' },
  });
  expect(await user.run(['audit', 'verify'])).toEqual({ code: 0, stdout: 'all 3 rows are as they were written\n', stderr: '' });
  expect(await daemon.stop()).toBe(0);
  expect(json((await user.run(['audit', 'verify', '--json'])).stdout)).toMatchObject({ ok: true, rows: 3, flaws: [] });
  expect(await rows()).toHaveLength(2);
  // Neither the value nor what stands for it is anywhere in the store.
  const store = readFileSync(join(user.home, 'sallyport.db'), 'latin1');
  expect(store).toContain('claude-opus-4-5');
  expect(store).not.toContain(EMAIL);
});

test('what was done to the log is named, with exit code 1', LONG, async () => {
  const { user, start, written } = await stage();
  const daemon = await start();
  for (let i = 0; i < 3; i++) await daemon.ask(`turn ${i}`);
  await written(3);
  await daemon.stop();
  const spoil = (sql: string) => {
    const db = new Database(join(user.home, 'sallyport.db'));
    db.exec(sql);
    db.close();
  };
  spoil("UPDATE audit SET content = replace(content, 'claude-opus-4-5', 'claude-opus-4-6') WHERE seq = 2");
  expect(await user.run(['audit', 'verify'])).toMatchObject({
    code: 1,
    stderr: '',
    stdout: expect.stringMatching(
      /^row 2 {2}[\d-]{10} [\d:]{8} {2}it was changed, moved or put in\n1 of 3 rows are not as they were written\n$/,
    ),
  });
  spoil('DELETE FROM audit WHERE seq = 3');
  expect(json((await user.run(['audit', 'verify', '--json'])).stdout)).toMatchObject({
    ok: false,
    flaws: [{ seq: 2 }, { seq: 3, what: 'it is missing' }],
  });
  spoil("UPDATE audit SET content = '{' WHERE seq = 1");
  expect((await user.run(['log'])).stdout).toContain('this row cannot be read');
});

test('export: lines or an archive, private, and never over a file', LONG, async () => {
  const { user, start, written } = await stage();
  const daemon = await start();
  await daemon.ask('hello');
  await daemon.ask('hello again');
  await written(2);
  const lines = (await user.run(['audit', 'export'])).stdout.trimEnd().split('\n');
  expect(lines.map((line) => (JSON.parse(line) as { row: number }).row)).toEqual([1, 2]);
  const file = join(user.folder, 'log.har');
  expect(await user.run(['audit', 'export', '--format', 'har', 'log.har'])).toEqual({ code: 0, stdout: `2 rows in ${file}\n`, stderr: '' });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(JSON.parse(readFileSync(file, 'utf8')).log.entries[0].request.url).toBe(`https://${HOST}/v1/messages`);
  const before = readFileSync(file, 'utf8');
  expect(await user.run(['audit', 'export', file])).toMatchObject({ code: 1, stderr: expect.stringContaining('is there already') });
  expect(readFileSync(file, 'utf8')).toBe(before);
  expect((await user.run(['audit', 'export', file, '--force', '--since', '1h', '--json'])).stdout).toBe(
    `${JSON.stringify({ file, rows: 2 })}\n`,
  );
  expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(3);
  expect(await user.run(['audit', 'export', '/nonexistent/x'])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/cannot be written \(ENOENT\)\n$/),
  });
});

test('--follow shows exchanges as they come, and ends when it is interrupted', LONG, async () => {
  const { user, start, written } = await stage();
  const daemon = await start();
  await daemon.ask('before');
  await written(1);
  const following = user.spawn(['log', '--follow', '--json']);
  await vi.waitFor(() => expect(following.stdout().split('\n')).toHaveLength(2), { timeout: 20_000 });
  await daemon.ask('one more', 'codex_exec/0.9');
  await vi.waitFor(() => expect(following.stdout()).toContain('codex_exec'), { timeout: 20_000 });
  following.child.kill('SIGINT');
  expect(await following.ended).toMatchObject({ code: 0, stderr: '' });
});

test('bodies are kept for a while where a profile asks for it, and exported when they are wanted', LONG, async () => {
  const { user, start, written } = await stage();
  const set = ['profile', 'set', 'default', '--log'];
  expect(await user.run([...set, 'meta', '--for', '1h'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('belongs to --log masked'),
  });
  expect(await user.run([...set, 'masked', '--for', 'never'])).toMatchObject({ code: 2, stderr: expect.stringContaining('takes an end') });
  const { stdout } = await user.run([...set, 'masked', '--for', '30m', '--json']);
  const until = Date.parse(json<{ maskedUntil: string }>(stdout).maskedUntil);
  expect(Math.abs(until - Date.now() - 1_800_000)).toBeLessThan(60_000);
  const daemon = await start();
  expect((await daemon.ask(`Write to ${EMAIL}`)).status).toBe(200);
  await written(1);
  await daemon.stop();
  const har = async (...more: string[]) => (await user.run(['audit', 'export', '--format', 'har', ...more])).stdout;
  expect(await har()).not.toContain('postData');
  const [entry] = json<{ log: { entries: { request: { postData: object }; response: { content: object } }[] } }>(
    await har('--masked-bodies'),
  ).log.entries;
  expect(entry!.request.postData).toMatchObject({ mimeType: 'application/json', text: expect.stringMatching(/Write to SP_EMAIL_/) });
  expect(entry!.response.content).toMatchObject({ mimeType: expect.stringContaining('json'), text: expect.stringContaining('"usage"') });
  const lines = (await user.run(['audit', 'export', '--masked-bodies'])).stdout;
  expect(lines).toMatch(/"bodies":\{"request":\{"type":"application\/json","text":"/);
  expect(readFileSync(join(user.home, 'sallyport.db'), 'latin1') + lines).not.toContain(EMAIL);
  expect(readFileSync(join(user.home, 'sallyport.db'), 'latin1')).not.toContain('Write to');
  rmSync(join(user.home, 'sallyport.key'));
  expect(await user.run(['audit', 'export', '--masked-bodies'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('the vault is locked'),
  });
});

test('while rows cannot be written: block refuses, continue goes on', LONG, async () => {
  const blocked = await stage(['--audit', 'on_failure=block']);
  const first = await blocked.start();
  expect((await first.ask('hello')).status).toBe(200);
  await first.stop();
  // Without its key the keyring is locked, and nobody can vouch for a row; a CA that it had sealed would not open either.
  const lose = (home: string) => {
    for (const name of ['sallyport.key', 'ca.key', 'ca.pem']) rmSync(join(home, name));
  };
  lose(blocked.user.home);
  const second = await blocked.start();
  const refused = await second.ask('hello');
  expect(refused.status).toBe(503);
  expect(refused.body.toString()).toContain('audit-failing');
  expect(second.output().match(/the audit log cannot be written/g)).toHaveLength(1);
  expect(await blocked.user.run(['audit', 'verify'])).toMatchObject({ code: 1, stderr: expect.stringContaining('the vault is locked') });
  const goesOn = await stage();
  await (await goesOn.start()).stop();
  lose(goesOn.user.home);
  expect((await (await goesOn.start()).ask('hello')).status).toBe(200);
});

test('mistakes: one line, the right code', LONG, async () => {
  const user = newUser();
  const { home } = user;
  for (const words of [['log'], ['audit', 'verify'], ['audit', 'list'], ['audit', 'export']])
    expect(await user.run(words)).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^sallyport: there is no audit log in \S+ yet: \S+ start begins it\n$/),
    });
  expect(existsSync(home)).toBe(false);
  for (const words of [
    ['log', '--since', 'x'],
    ['log', '--limit', '0'],
    ['log', '--verdict', 'x'],
    ['audit', 'x'],
    ['audit', 'verify', 'x'],
    ['audit', 'export', '--format', 'x'],
  ]) {
    const ran = await user.run(words);
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toMatch(/^sallyport: [^\n]+\n$/);
  }
  const bad = await user.run(['start', ...FREE], { env: { CALL_LOG_RETENTION_DAYS: 'soon' } });
  expect(bad).toMatchObject({ code: 1, stderr: expect.stringMatching(/^sallyport: CALL_LOG_RETENTION_DAYS\S*: expected keep_days/) });
  const doctor = json<{ config: object[] }>(
    (await user.run(['doctor', '--quick', '--json', ...FREE], { env: { CALL_LOG_RETENTION_DAYS: '7' } })).stdout,
  );
  expect(doctor.config).toContainEqual({ key: 'audit.keep_days', value: '7', origin: 'CALL_LOG_RETENTION_DAYS' });
});
