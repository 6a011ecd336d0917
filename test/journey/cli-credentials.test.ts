// Credentials of the vault as a user has them: kept by a command, held by nobody, put in on the way to their own host.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { connectTlsTunnel } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { json, newUser, type User } from '../support/sallyport.ts';
import { startDaemon } from '../support/user-daemon.ts';

const KEY = `sk-ant-api03-${'tulip'.repeat(8)}`;
const NEXT = `sk-ant-api03-${'maple'.repeat(8)}`;
const HOST = 'api.anthropic.com';
const SET = ['vault', 'set', 'claude', '--host', HOST];

interface Shown {
  readonly name: string;
  readonly placeholder: string;
  readonly variable: string;
  readonly slots: readonly string[];
}

const show = async (user: User, name = 'claude') => json<Shown>((await user.run(['vault', 'show', name, '--json'])).stdout);

async function client(user: User, daemon: { readonly host: string; readonly port: number }, host = HOST) {
  const ca = readFileSync(join(user.home, 'ca.pem'), 'utf8');
  const opened = await connectTlsTunnel(daemon, `${host}:443`, { ca, alpn: ['http/1.1'] });
  onTestFinished(() => opened.destroy());
  return opened;
}

const post = async (
  user: User,
  daemon: Awaited<ReturnType<typeof startDaemon>>,
  fields: readonly string[],
  host = HOST,
  path = '/v1/messages',
) =>
  (await client(user, daemon, host)).request(
    `POST ${path}`,
    ['Host', host, 'Content-Type', 'application/json', ...fields],
    '{"messages":[]}',
  );

const seen = (daemon: Awaited<ReturnType<typeof startDaemon>>) => daemon.provider.capture.requests.at(-1)!.headers;

describe('beside a daemon that runs', { timeout: 120_000 }, () => {
  test('a key is kept, put in for its placeholder, rotated and removed, and never seen again', async () => {
    const user = newUser();
    const daemon = await startDaemon(user);
    expect(await user.run(SET, { input: `${KEY}\n` })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('kept: claude for api.anthropic.com'),
    });
    const { placeholder, variable, slots } = await show(user);
    expect(placeholder).toMatch(/^sk-ant-api03-SALLYPORT/);
    expect([variable, slots]).toEqual(['ANTHROPIC_API_KEY', ['header x-api-key', 'header authorization']]);
    await eventually(async () => {
      expect((await post(user, daemon, ['X-Api-Key', placeholder, 'X-After', '1'])).status).toBe(200);
      expect(seen(daemon)).toContain(KEY);
    });
    expect(seen(daemon).slice(4, 8)).toEqual(['X-Api-Key', KEY, 'X-After', '1']);
    await post(user, daemon, ['Authorization', `Bearer ${placeholder}`]);
    expect(seen(daemon)).toContain(`Bearer ${KEY}`);

    expect((await user.run(['vault', 'rotate', 'claude'], { input: NEXT })).code).toBe(0);
    expect((await show(user)).placeholder).toBe(placeholder);
    await eventually(async () => {
      await post(user, daemon, ['x-api-key', placeholder]);
      expect(seen(daemon)).toContain(NEXT);
    });

    // Neither the placeholder nor the key goes anywhere else.
    for (const text of [placeholder, NEXT]) {
      const count = daemon.provider.capture.requests.length;
      const refused = await post(user, daemon, ['Authorization', `Bearer ${text}`], 'api.mistral.ai', '/v1/chat/completions');
      expect(refused.status).toBe(403);
      expect(daemon.provider.capture.requests).toHaveLength(count);
    }

    // What the model is told of it is masked.
    const c = await client(user, daemon);
    await c.request(
      'POST /v1/messages',
      ['Host', HOST, 'Content-Type', 'application/json'],
      JSON.stringify({ messages: [{ role: 'user', content: `it is ${NEXT}` }] }),
    );
    expect(daemon.provider.capture.requests.at(-1)!.body.toString()).not.toContain('maple');

    expect((await user.run(['vault', 'remove', 'claude'])).code).toBe(0);
    await eventually(async () => {
      await post(user, daemon, ['x-api-key', placeholder]);
      expect(seen(daemon)).toContain(placeholder);
    });
    const changes = (await user.run(['audit', 'list', '--json'])).stdout;
    expect(changes).toMatch(/vault set claude[\s\S]*vault rotate claude[\s\S]*vault remove claude/);
    expect((await user.run(['audit', 'verify'])).code).toBe(0);

    expect((await user.run(['stop'])).code).toBe(0);
    for (const entry of readdirSync(user.home, { recursive: true, withFileTypes: true }).filter((one) => one.isFile())) {
      const bytes = readFileSync(join(entry.parentPath, entry.name));
      for (const secret of ['tulip', 'maple', Buffer.from(KEY).toString('base64').slice(8, 40)])
        expect(bytes.includes(secret), entry.name).toBe(false);
    }
  });

  test('run --with hands the placeholder to the command, and no key that the vault has', async () => {
    const user = newUser();
    await startDaemon(user);
    await user.run(SET, { input: KEY });
    const { placeholder } = await show(user);
    const print = ['--', process.execPath, '-e', 'console.log(process.env.ANTHROPIC_API_KEY)'];
    await eventually(async () => expect((await user.run(['run', '--with', 'claude', ...print])).stdout).toBe(`${placeholder}\n`));
    expect((await user.run(['run', ...print], { env: { ANTHROPIC_API_KEY: KEY } })).stdout).toBe(`${placeholder}\n`);
    // A variable that a reference of the vault names is no program's to read.
    await user.run(['vault', 'set', 'from', '--host', 'a.test', '--reference', 'env:MY_KEY']);
    const mine = ['--', process.execPath, '-e', 'console.log(process.env.MY_KEY)'];
    const held = (await show(user, 'from')).placeholder;
    await eventually(async () => expect((await user.run(['run', ...mine], { env: { MY_KEY: 'tulip' } })).stdout).toBe(`${held}\n`));
    expect(await user.run(['run', '--with', 'cluade', ...print])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('did you mean «claude»'),
    });
  });

  test('a key for some methods and paths, in another place, kept elsewhere, that has expired', async () => {
    const user = newUser();
    writeFileSync(join(user.folder, 'key'), `${KEY}\n`, { mode: 0o600 });
    const daemon = await startDaemon(user);
    const more = ['--path', '/v1/messages', '--method', 'POST', '--reference', `file:${join(user.folder, 'key')}`];
    expect((await user.run([...SET, ...more])).code).toBe(0);
    expect((await user.run(['vault', 'set', 'q', '--host', 'files.test', '--query', 'key', '--force'], { input: 'k&1' })).code).toBe(0);
    expect((await user.run(['vault', 'set', 'gone', '--host', 'api.mistral.ai', '--expires', '1s'], { input: 'a'.repeat(32) })).code).toBe(
      0,
    );
    const [claude, q, gone] = await Promise.all(['claude', 'q', 'gone'].map((name) => show(user, name)));
    await eventually(async () => {
      await post(user, daemon, ['x-api-key', claude!.placeholder]);
      expect(seen(daemon)).toContain(KEY);
    });
    await post(user, daemon, ['x-api-key', claude!.placeholder], HOST, '/v1/models');
    expect(seen(daemon)).toContain(claude!.placeholder);
    await eventually(async () => {
      await post(user, daemon, [], 'files.test', `/up?key=${q!.placeholder}&b=1`);
      expect(daemon.provider.capture.requests.at(-1)!.target).toBe('/up?key=k%261&b=1');
    });
    await eventually(async () =>
      expect((await post(user, daemon, ['Authorization', `Bearer ${gone!.placeholder}`], 'api.mistral.ai')).status).toBe(502),
    );
  });

  test('a ciphertext that was changed is not used, and that is said once', async () => {
    const user = newUser();
    await user.run(SET, { input: KEY });
    const { placeholder } = await show(user);
    const { default: Database } = await import('better-sqlite3');
    const db = new Database(join(user.home, 'sallyport.db'));
    db.exec("UPDATE credentials SET sealed = substr(sealed, 1, length(sealed) - 2) || 'AA'");
    db.close();
    const daemon = await startDaemon(user);
    expect((await post(user, daemon, ['x-api-key', placeholder])).status).toBe(502);
    expect(daemon.provider.capture.requests).toHaveLength(0);
    const log = readFileSync(join(user.home, 'sallyport.log'), 'utf8');
    expect(log.match(/a credential cannot be used/g)).toHaveLength(1);
  });
});

describe('without one', { timeout: 60_000 }, () => {
  test('list, rename, placeholder, import, and mistakes in one line', async () => {
    const user = newUser();
    expect((await user.run(['vault', 'list'])).stdout).toContain('no credential yet');
    // Who only looks makes no home.
    expect(existsSync(user.home)).toBe(false);
    const env = join(user.folder, '.env');
    writeFileSync(env, `OPENAI_API_KEY=sk-proj-${'a'.repeat(40)}\nDEBUG=1\n`);
    expect(await user.run(['vault', 'import', env])).toMatchObject({
      code: 0,
      stdout: 'kept: openai; 1 other variables were passed over\n',
    });
    expect((await user.run(['vault', 'rename', 'openai', 'work'])).code).toBe(0);
    const { placeholder } = await show(user, 'work');
    expect((await user.run(['vault', 'placeholder', 'work'])).stdout).toBe(`${placeholder}\n`);
    expect((await user.run(['vault', 'list'])).stdout).toMatch(/^name +hosts .*\nwork +api\.openai\.com .*\n$/);

    const mistakes: readonly (readonly [words: readonly string[], code: number, line: string, input?: string])[] = [
      [['vault', 'set', 'x'], 2, 'which host is it for?'],
      [['vault', 'set', 'X', '--host', 'a.test'], 2, 'a name has lower-case letters'],
      [['vault', 'set', 'x', '--host', '*'], 2, 'a key for every host'],
      [['vault', 'set', 'x', '--host', 'a.test', '--header', 'a', '--query', 'b'], 2, 'a key has one place'],
      [['vault', 'set', 'x', '--host', 'a.test', '--path', 'v1'], 2, 'does not begin with /'],
      [['vault', 'set', 'x', '--host', 'a.test', '--reference', 'evn:A'], 2, 'a reference begins with'],
      [['vault', 'set', 'x', '--host', 'a.test'], 2, 'no value was given', ''],
      [['vault', 'set', 'x', '--host', 'a.test'], 2, 'the value holds a line end', 'a\nb\n'],
      [['vault', 'set', 'x', '--host', 'api.openai.com'], 1, 'a key for api.openai.com is sk-', 'nonsense'],
      [['vault', 'set', 'work', '--host', 'a.test'], 1, 'there is a credential «work» already', 'v'],
      [['vault', 'show', 'wrok'], 1, 'did you mean «work»'],
      [['vault', 'rotate', 'none'], 1, 'there is no credential «none»', 'v'],
    ];
    for (const [words, code, line, input = 'v'] of mistakes) {
      const ran = await user.run(words, { input });
      expect(ran.code, words.join(' ')).toBe(code);
      expect(ran.stderr.trim().split('\n'), words.join(' ')).toHaveLength(1);
      expect(ran.stderr).toContain(line);
      expect(ran.stderr).not.toContain('nonsense');
    }
  });

  test('a pair of AWS is looked at as one, and a client gets two variables', async () => {
    const user = newUser();
    const aws = ['vault', 'set', 'bedrock', '--host', 'bedrock-runtime.*.amazonaws.com', '--sigv4'];
    const pair = `AKIAIOSFODNN7EXAMPLE:${'tulip/+='.repeat(5)}`;
    expect(await user.run(aws, { input: pair.slice(0, -1) })).toMatchObject({ code: 1, stderr: expect.stringContaining('this has 39') });
    expect(await user.run([...aws, '--header', 'x'], { input: pair })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--json-path or --sigv4'),
    });
    expect((await user.run(aws, { input: pair })).code).toBe(0);
    expect((await user.run(['vault', 'rotate', 'bedrock'], { input: 'AKIAIOSFODNN7EXAMPLE' })).code).toBe(1);
    const { placeholder, slots, variable } = await show(user, 'bedrock');
    expect(placeholder).toMatch(/^AKIASALLYPORT[A-Z2-7]{7}$/);
    expect([slots, variable]).toEqual([['sigv4'], 'AWS_ACCESS_KEY_ID']);
    await startDaemon(user);
    const print = 'console.log(process.env.AWS_ACCESS_KEY_ID, process.env.AWS_SECRET_ACCESS_KEY)';
    const ran = await user.run(['run', '--with', 'bedrock', '--', process.execPath, '-e', print]);
    expect(ran.stdout).toBe(`${placeholder} ${placeholder}\n`);
  });

  test('a locked vault keeps nothing in plain text', async () => {
    const user = newUser();
    await user.run(SET, { input: KEY });
    writeFileSync(join(user.home, 'sallyport.key'), Buffer.alloc(32), { mode: 0o600 });
    expect(await user.run(['vault', 'rotate', 'claude'], { input: NEXT })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('the vault is locked'),
    });
    expect(await user.run(['vault', 'list'])).toMatchObject({ code: 0, stdout: expect.stringContaining('claude') });
  });
});
