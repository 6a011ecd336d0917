// Tokens and profiles as a user has them: commands beside a daemon that runs, other users of the machine, `run` and `env`.
import { chmodSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { canBeNobody, sayAsNobody } from '../support/another-user.ts';
import { type Client, connectTlsTunnel, connectTunnel } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { json, newUser, type User } from '../support/sallyport.ts';
import { startDaemon } from '../support/user-daemon.ts';

const HOST = 'api.anthropic.com';

interface Listed {
  readonly id: string;
  readonly profile: string;
  readonly state: string;
  readonly lastUsed: string | null;
  readonly note: string;
}

const basic = (credentials: string) => ['Proxy-Authorization', `Basic ${Buffer.from(credentials).toString('base64')}`];
const connectHeaders = (...fields: readonly string[]) => ({ connectHeaders: ['Host', `${HOST}:443`, ...fields] });

async function list(user: User): Promise<readonly Listed[]> {
  return json<readonly Listed[]>((await user.run(['token', 'list', '--json'])).stdout);
}

describe('beside a daemon that runs', { timeout: 90_000 }, () => {
  test('a token is made, used, seen in the list, and refused from the moment it is revoked', async () => {
    const user = newUser();
    const daemon = await startDaemon(user);
    expect((await user.run(['profile', 'add', 'ci', '--log', 'none'])).code).toBe(0);
    const made = await user.run(['token', 'create', '--profile', 'ci', '--note', 'the build']);
    expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^sp_[0-9a-f]{8}_[0-9a-f]{64}_[0-9a-f]{8}\n$/) });
    expect(made.stderr).toMatch(
      /^sallyport: token [0-9a-f]{8} of profile ci, valid until .*; it is not shown again\. In a proxy URL: http:\/\/any:TOKEN@/,
    );
    const token = made.stdout.trim();

    const c: Client = await connectTlsTunnel(daemon, `${HOST}:443`, {
      ca: readFileSync(join(user.home, 'ca.pem'), 'utf8'),
      alpn: ['http/1.1'],
      ...connectHeaders(...basic(`ci:${token}`)),
    });
    onTestFinished(() => c.destroy());
    expect((await c.request('GET /v1/models', ['Host', HOST])).status).toBe(200);
    await eventually(async () =>
      expect((await list(user))[0]).toMatchObject({ profile: 'ci', state: 'valid', lastUsed: expect.any(String) }),
    );

    const [{ id }] = (await list(user)) as [Listed];
    expect((await user.run(['token', 'list'])).stdout).toMatch(new RegExp(`^id +profile +state .*\n${id} +ci +valid .* the build\n$`));
    expect(await user.run(['token', 'revoke', id])).toMatchObject({ code: 0, stdout: `revoked: ${id}\n` });
    const refused = await c.request('GET /v1/models', ['Host', HOST]);
    expect([refused.status, refused.body.toString()]).toEqual([407, expect.stringContaining('the token was revoked')]);

    const brief = (await user.run(['token', 'create', '--expires', '1s'])).stdout.trim();
    const late = await eventually(async () => {
      const { tunnelReply } = await connectTunnel(daemon, `${HOST}:443`, connectHeaders(...basic(`${brief}:`)));
      expect(tunnelReply?.status).toBe(407);
      return tunnelReply!;
    });
    expect(late.body.toString()).toContain('the token has expired');

    expect((await user.run(['stop'])).code).toBe(0);
    for (const name of readdirSync(user.home, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()))
      expect(readFileSync(join(name.parentPath, name.name)).includes(token.split('_')[2]!)).toBe(false);
  });

  test.runIf(canBeNobody)('a program of another user needs a token, and with one it needs no more', async () => {
    const user = newUser();
    const daemon = await startDaemon(user);
    const connect = (...fields: readonly string[]) =>
      sayAsNobody(daemon.port, `CONNECT ${HOST}:443 HTTP/1.1\r\nHost: ${HOST}:443\r\n${fields.join('')}\r\n`);
    expect(connect()).toMatch(/^HTTP\/1\.1 407 [\s\S]*user 65534 needs a token/);
    const { token } = json<{ token: string }>((await user.run(['token', 'create', '--expires', '1h', '--json'])).stdout);
    expect(connect(`${basic(`any:${token}`).join(': ')}\r\n`)).toMatch(/^HTTP\/1\.1 200 /);
    expect((await connectTunnel(daemon, `${HOST}:443`)).tunnelReply?.status).toBe(200);
    expect(daemon.provider.capture.requests).toEqual([]);
  });

  test('with allow_uids: none everybody needs one, also what `run` starts, which has its own while it runs', async () => {
    const user = newUser();
    const daemon = await startDaemon(user, '--allow-uids', 'none');
    expect((await connectTunnel(daemon, `${HOST}:443`)).tunnelReply?.status).toBe(407);
    const env = await user.run(['env']);
    expect(env.stderr).toMatch(
      /note: this proxy asks for a token: \S+ token create makes one, and it goes into the URL: http:\/\/any:TOKEN@127/,
    );
    const program = `fetch('https://${HOST}/v1/models').then((r) => console.log(r.status, process.env.HTTPS_PROXY, process.stdin.resume()))`;
    const running = user.spawn(['run', '--', 'node', '-e', `${program}; setInterval(() => {}, 1000)`]);
    const said = await eventually(() => {
      expect(running.stdout()).toMatch(/^200 http:/);
      return running.stdout();
    });
    expect(said).toMatch(/^200 http:\/\/any:sp_\w+@127\.0\.0\.1:\d+ /);
    expect(await list(user)).toMatchObject([{ profile: 'default', state: 'valid', note: 'a command under run' }]);
    running.child.kill('SIGTERM');
    expect((await running.ended).code).toBe(143);
    await eventually(async () => expect(await list(user)).toEqual([]));
  });

  test('`run --profile` gives the command that profile, and says so where there is none of that name', async () => {
    const user = newUser();
    const daemon = await startDaemon(user);
    await user.run(['profile', 'add', 'work']);
    const ran = await user.run([
      'run',
      '--profile',
      'work',
      '--',
      'node',
      '-e',
      `fetch('https://${HOST}/v1/models').then((r) => console.log(r.status))`,
    ]);
    expect(ran).toEqual({ code: 0, stdout: '200\n', stderr: '' });
    expect(daemon.provider.capture.requests).toHaveLength(1);
    expect(await user.run(['run', '--profile', 'wrok', '--', 'true'])).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^sallyport: there is no profile «wrok»: \S+ profile list shows them\n$/),
    });
  });
});

describe('mistakes are one line and the right code', { timeout: 90_000 }, () => {
  test('of token', async () => {
    const user = newUser();
    expect((await user.run(['token', 'list'])).stdout).toMatch(/^no token yet; \S+ token create makes one\n$/);
    for (const [words, code, line] of [
      [['create', '--expires', 'soon'], 2, /--expires takes a number and s, m, h or d, such as 30d, or never; not «soon»/],
      [['create', '--note', 'a\nb'], 2, /--note takes one line of at most 200 characters/],
      [['create', 'x'], 2, /token create takes no id/],
      [['create', '--profile', 'work'], 1, /there is no profile «work»/],
      [['revoke'], 2, /revoke which\?/],
      [['list', 'x'], 2, /token list takes no id/],
      [['list', '--expires', '1h'], 2, /--expires belongs to token create, not to list/],
      [['revoke', 'deadbeef'], 1, /there is no token «deadbeef»; \S+ token list shows them/],
      [['revoke', 'deadbeef', '--all'], 2, /revoke which\?/],
      [['revok'], 2, /token takes create, list or revoke \(did you mean «revoke»\?\)/],
    ] as const) {
      const ran = await user.run(['token', ...words]);
      expect(ran).toEqual({ code, stdout: '', stderr: expect.stringMatching(line) });
      expect(ran.stderr.trimEnd().split('\n')).toHaveLength(1);
    }
  });

  test('--all revokes what is valid; a token that was typed in full is known by it', async () => {
    const user = newUser();
    const tokens: string[] = [];
    for (let i = 0; i < 3; i++) tokens.push((await user.run(['token', 'create', '--expires', 'never'])).stdout.trim());
    expect((await user.run(['token', 'revoke', tokens[0]!, '--json'])).stdout).toBe(
      `${JSON.stringify({ revoked: [tokens[0]!.split('_')[1]] })}\n`,
    );
    const half = await user.run(['token', 'revoke', tokens[1]!, 'deadbeef']);
    expect(half).toMatchObject({ code: 1, stderr: expect.stringContaining('there is no token «deadbeef», so none was revoked') });
    expect((await list(user)).map(({ state }) => state).sort()).toEqual(['revoked', 'valid', 'valid']);
    expect((await user.run(['token', 'revoke', '--all'])).stdout.trim().split(' ')).toHaveLength(3);
    expect((await list(user)).map(({ state }) => state)).toEqual(['revoked', 'revoked', 'revoked']);
    expect((await user.run(['token', 'revoke', '--all'])).stdout).toBe('revoked: none was valid\n');
  });

  test('no token is made while the vault is locked', async () => {
    const user = newUser();
    await user.run(['token', 'create']);
    rmSync(join(user.home, 'sallyport.key'));
    expect(await user.run(['token', 'create'])).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^sallyport: the vault is locked: .*\n$/),
    });
    expect(await list(user)).toHaveLength(1);
    chmodSync(join(user.home, 'sallyport.db'), 0o644);
    expect((await user.run(['token', 'list'])).stderr).toMatch(/chmod 600/);
  });

  test('of profile', async () => {
    const user = newUser();
    for (const [words, code, line] of [
      [['show'], 2, /profile show takes the name of a profile/],
      [['list', 'x'], 2, /profile list takes no name/],
      [['add', 'Work'], 2, /«Work» is no name of a profile/],
      [['add', 'a', '--rules', 'phone'], 2, /--rules takes names with \+ or - before each/],
      [['add', 'a', '--tokens-per-day', '0'], 2, /--tokens-per-day takes a whole number/],
      [['add', 'a', '--money-per-day', '0.00'], 2, /--money-per-day takes an amount of USD such as 5 or 2\.50, or none; not «0\.00»/],
      [['add', 'a', '--over-budget', 'stop'], 2, /--over-budget takes warn, refuse/],
      [['add', 'a', '--log', 'nome'], 2, /--log takes none, meta, masked/],
      [['add', 'default'], 1, /there is a profile «default» already/],
      [['set', 'default'], 2, /set what\?/],
      [['set', 'x', '--log', 'none'], 1, /there is no profile «x»/],
      [['remove', 'default'], 1, /the profile «default» is always there/],
    ] as const) {
      const ran = await user.run(['profile', ...words]);
      expect(ran).toEqual({ code, stdout: '', stderr: expect.stringMatching(line) });
    }
  });

  test('a profile is added, shown, changed and removed with its tokens', async () => {
    const user = newUser();
    const limits = ['--requests-per-minute', '60', '--tokens-per-day', '9', '--money-per-day', '2.50', '--over-budget', 'refuse'];
    const added = ['add', 'ci', '--rules=+customers,-phone', '--vault', 'openai', ...limits];
    const ci = {
      name: 'ci',
      rules: ['+customers', '-phone'],
      vault: ['openai'],
      requestsPerMinute: 60,
      tokensPerDay: 9,
      moneyPerDay: 2.5,
      overBudget: 'refuse',
      log: 'meta',
    };
    expect(json((await user.run(['profile', ...added, '--json'])).stdout)).toEqual(ci);
    expect((await user.run(['profile', 'show', 'ci'])).stdout).toMatch(
      /^name +rules .*\nci +\+customers,-phone +openai +60 +9 +2\.5 +refuse +meta\n$/,
    );
    const set = ['set', 'ci', '--log', 'none', '--vault', 'none', '--tokens-per-day', 'none', '--money-per-day', 'none', '--json'];
    expect(json((await user.run(['profile', ...set])).stdout)).toEqual({
      ...ci,
      vault: [],
      tokensPerDay: null,
      moneyPerDay: null,
      log: 'none',
    });
    await user.run(['token', 'create', '--profile', 'ci', '--expires', 'never']);
    await user.run(['token', 'revoke', '--all']);
    expect((await user.run(['profile', 'remove', 'ci'])).stdout).toBe('removed ci and its tokens\n');
    expect((await user.run(['profile', 'list'])).stdout).toMatch(/^name .*\ndefault +- +\* +- +- +- +warn +meta\n$/);
    expect(await list(user)).toEqual([]);

    const rows = (await user.run(['audit', 'list', '--json'])).stdout.trim().split('\n');
    const changes = rows.map((row) => json<{ who: number; what: string; before?: unknown; after?: unknown }>(row));
    const { requestsPerMinute, overBudget } = ci;
    expect(changes).toMatchObject([
      { who: process.getuid?.(), what: 'profile add ci', after: ci },
      { what: 'profile set ci', before: ci, after: { name: 'ci', rules: ci.rules, vault: [], requestsPerMinute, overBudget, log: 'none' } },
      { what: expect.stringMatching(/^token create [0-9a-f]{8}$/), after: { profile: 'ci', expires: 'never', note: '' } },
      { what: expect.stringMatching(/^token revoke [0-9a-f]{8}$/) },
      { what: 'profile remove ci', before: { name: 'ci' } },
    ]);
    expect(Object.values(changes[3]!.after as object)).toEqual(['revoked']);
  });
});
