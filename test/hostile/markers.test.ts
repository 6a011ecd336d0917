// Checklist E64, E65, E70 for the vault: it is filled with marked values, everything is done with it that can be done, and then every
// file, output and reply is searched for each mark in every form.
import { mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { connectTlsTunnel } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { startFakeProvider } from '../support/fake-provider.ts';
import { daemonPid, FREE, json, newUser, type User } from '../support/sallyport.ts';
import { leaksOf } from '../support/secret-forms.ts';

const mark = (name: string) => `${name}9Zq81xV0aM7tR2yKp4Lw3nB5cQ6dH`;
const MARKS = {
  kept: `sk-ant-api03-${mark('Kept')}`,
  next: `sk-ant-api03-${mark('Next')}`,
  query: mark('Query'),
  body: mark('Body'),
  filed: mark('Filed'),
  enved: mark('Enved'),
  execed: mark('Execed'),
  broken: mark('Broken'),
  odd: mark('Odd'),
  imported: `sk-proj-${mark('Imported')}`,
  passphrase: mark('Passphrase'),
  gate: mark('Gate'),
  parent: mark('Parent'),
};
const GATE = `Basic ${Buffer.from(`me:${MARKS.gate}`).toString('base64')}`;

/** Where the user keeps the secrets; all else below their HOME is ours to keep clean. */
function userWithSecrets() {
  const user = newUser();
  const mine = join(user.folder, 'mine');
  const temporary = join(user.folder, 'tmp');
  mkdirSync(mine, { mode: 0o700 });
  mkdirSync(temporary, { mode: 0o700 });
  const own = (name: string, text: string, mode = 0o600): string => {
    writeFileSync(join(mine, name), text, { mode });
    return join(mine, name);
  };
  const env = {
    TMPDIR: temporary,
    MARKED: MARKS.enved,
    SALLYPORT_PASSPHRASE: MARKS.passphrase,
    SALLYPORT_PROXY_AUTH: `me:${MARKS.gate}`,
    SALLYPORT_PARENT_PROXY: JSON.stringify({ url: `http://me:${MARKS.parent}@proxy.test:3128`, no_proxy: ['*'] }),
  };
  const said: string[] = [];
  const run = async (words: readonly string[], code = 0, input = '') => {
    const ran = await user.run(words, { env, input });
    said.push(ran.stdout, ran.stderr);
    expect(ran.code, `${words.join(' ')}: ${ran.stderr}`).toBe(code);
    return ran.stdout;
  };
  return { user, mine, own, env, said, run };
}

/** Marks in a text, by name and form. */
const marksIn = (text: string, marks: Readonly<Record<string, string>>) =>
  Object.entries(marks).flatMap(([name, value]) =>
    leaksOf(value.replace(/^sk-[a-z]+-(api03-)?/, ''), text).map((form) => `${name} ${form}`),
  );

/** Marks in files below the user's HOME, but for those that hold the secrets for the user. */
function marksInFiles(user: User, mine: string, marks: Readonly<Record<string, string>>): string[] {
  const files = readdirSync(user.folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).filter((path) => !path.startsWith(mine + sep));
  expect(paths.length).toBeGreaterThan(8);
  return paths.flatMap((path) => marksIn(readFileSync(path, 'latin1'), marks).map((found) => `${path}: ${found}`));
}

/** All a request holds, said back in every form that people write. */
const echo = (text: string) => ({
  error: {
    message: text,
    percent: encodeURIComponent(text),
    hex: Buffer.from(text).toString('hex'),
    base64: Buffer.from(text).toString('base64'),
  },
});

test('no value of the vault is in a file, a log, a row, an output or a reply', { timeout: 240_000 }, async () => {
  const { user, mine, own, env, said, run } = userWithSecrets();
  const provider = await startFakeProvider({
    compress: 'gzip',
    override: ({ path, headers, target, body }, reply) => {
      if (path !== '/echo') return false;
      const all = `${headers.join(' ')} ${target} ${body.toString()}`;
      reply.json(401, echo(all), ['x-seen', headers.filter((_, i) => i % 2 === 1).join(' '), 'location', `https://evil.test${target}`]);
      return true;
    },
  });
  onTestFinished(() => provider.close());
  const answers: string[] = [];

  // Filled.
  const set = (name: string, host: string, ...more: readonly string[]) => ['vault', 'set', name, '--host', host, ...more];
  await run(set('kept', 'api.anthropic.com'), 0, MARKS.kept);
  await run(set('query', 'query.test', '--query', 'key'), 0, MARKS.query);
  await run(set('body', 'body.test', '--json-path', 'auth.key'), 0, MARKS.body);
  await run(set('filed', 'filed.test', '--reference', `file:${own('filed', MARKS.filed)}`));
  await run(set('enved', 'enved.test', '--reference', 'env:MARKED'));
  await run(set('execed', 'execed.test', '--reference', `exec:cat ${own('execed', MARKS.execed)}`));
  const fails = own('fails', `#!/bin/sh\necho ${MARKS.broken}\necho ${MARKS.broken} >&2\nexit 1\n`, 0o700);
  await run(set('broken', 'broken.test', '--reference', `exec:${fails}`));
  await run(set('odd', 'api.openai.com'), 1, MARKS.odd);
  await run(set('odd', 'odd.test'), 2, `${MARKS.odd}\n${MARKS.odd}\n`);
  await run(['vault', 'import', own('odd.env', `OPENAI_API_KEY=${MARKS.odd}\n`)], 1);
  await run(['vault', 'import', own('.env', `OPENAI_API_KEY=${MARKS.imported}\n`)]);
  const token = json<{ token: string }>((await user.run(['token', 'create', '--json'], { env })).stdout).token;
  const marks = { ...MARKS, token: token.split('_')[2]! };
  expect(marks.token).toMatch(/^[0-9a-f]{64}$/);

  // Used.
  const ca = join(user.folder, 'provider.pem');
  writeFileSync(ca, provider.authority.pem);
  await run(['start', ...FREE, '--log-level', 'trace', '--connect-to', `*=127.0.0.1:${provider.port}`, '--upstream-ca', ca]);
  const pid = daemonPid(user.home)!;
  const port = Number(json<{ listen: string }>(await run(['status', '--json'])).listen.split(':')[1]);
  const ask = async (host: string, line: string, fields: readonly string[], body = '', gate = GATE): Promise<number> => {
    const c = await connectTlsTunnel({ host: '127.0.0.1', port }, `${host}:443`, {
      ca: readFileSync(join(user.home, 'ca.pem'), 'utf8'),
      alpn: ['http/1.1'],
      connectHeaders: ['Host', `${host}:443`, 'Proxy-Authorization', gate],
    });
    const reply = await c.request(line, ['Host', host, 'Content-Type', 'application/json', ...fields], body);
    c.destroy();
    answers.push(`${reply.head} ${reply.body}`);
    return reply.status;
  };
  const held = async (name: string) => json<{ placeholder: string }>(await run(['vault', 'show', name, '--json'])).placeholder;
  const bearer = async (name: string) => ['Authorization', `Bearer ${await held(name)}`];
  const message = JSON.stringify({ messages: [] });
  const byToken = `Basic ${Buffer.from(`token:${token}`).toString('base64')}`;
  for (const [line, status] of [
    ['POST /v1/messages', 200],
    ['POST /echo', 401],
  ] as const)
    expect(await ask('api.anthropic.com', line, await bearer('kept'), message)).toBe(status);
  expect(await ask('query.test', `GET /echo?key=${await held('query')}`, [], '', byToken)).toBe(401);
  expect(await ask('body.test', 'POST /echo', [], JSON.stringify({ auth: { key: await held('body') } }))).toBe(401);
  for (const name of ['filed', 'enved', 'execed']) expect(await ask(`${name}.test`, 'GET /echo', await bearer(name))).toBe(401);
  expect(await ask('broken.test', 'GET /echo', await bearer('broken'))).toBe(502);
  expect(await ask('api.openai.com', 'GET /echo', await bearer('openai'))).toBe(401);
  await run(['vault', 'rotate', 'kept'], 0, MARKS.next);
  await run(['vault', 'rotate', 'openai'], 1, MARKS.odd);
  await eventually(async () => {
    expect(await ask('api.anthropic.com', 'POST /echo', await bearer('kept'), message)).toBe(401);
    expect(provider.capture.requests.at(-1)!.headers).toContain(`Bearer ${MARKS.next}`);
  });
  for (const name of ['next', 'query', 'body', 'filed', 'enved', 'execed', 'imported'] as const) {
    const count = provider.capture.requests.length;
    const basic = Buffer.from(`me:${MARKS[name]}`).toString('base64');
    for (const fields of [
      ['Authorization', `Bearer ${MARKS[name]}`],
      ['Cookie', `a=${MARKS[name]}`],
      ['Authorization', `Basic ${basic}`],
    ])
      expect(await ask('api.mistral.ai', 'GET /x', fields), name).toBe(403);
    expect(await ask('api.mistral.ai', `GET /x?k=${MARKS[name]}`, [])).toBe(403);
    expect(await ask('api.mistral.ai', 'GET /x', [`X ${MARKS[name]}`, MARKS[name]])).toBe(400);
    expect(provider.capture.requests).toHaveLength(count);
  }
  const sent = provider.capture.requests.map(({ headers, target, body }) => `${headers.join(' ')} ${target} ${body}`).join('\n');
  for (const name of ['kept', 'next', 'query', 'body', 'filed', 'enved', 'execed', 'imported'] as const)
    expect(sent).toContain(MARKS[name]);
  await provider.close();
  expect(await ask('api.anthropic.com', 'POST /v1/messages', await bearer('kept'), message)).toBe(502);

  // Asked about.
  const copy = join(user.folder, 'copy.db');
  await run(['db', 'backup', copy]);
  await run(['db', 'check', '--json']);
  for (const format of ['jsonl', 'har']) await run(['audit', 'export', '--format', format, join(user.folder, `export.${format}`)]);
  for (const words of [
    'log',
    'status',
    'vault list',
    'token list',
    'rules export',
    'rules list',
    'audit list',
    'audit verify',
    'fidelity',
    'profile list',
  ])
    expect((await run([...words.split(' '), '--json'])).length, words).toBeGreaterThan(1);
  const seen = await user.run(['doctor', '--json'], { env });
  said.push(seen.stdout, (await user.run(['doctor', '--quick'], { env })).stdout);
  expect(seen.stdout).toContain('proxy_auth');
  await run(['vault', 'rekey']);
  await run(['vault', 'remove', 'query']);
  expect(marksInFiles(user, mine, marks)).toEqual([]);
  if (process.platform === 'linux')
    for (const what of ['cmdline', 'environ']) expect(marksIn(readFileSync(`/proc/${pid}/${what}`, 'latin1'), marks), what).toEqual([]);
  await run(['stop']);
  await run(['vault', 'key', 'use', 'key-file']);
  await run(['db', 'restore', copy]);
  expect(marksInFiles(user, mine, marks)).toEqual([]);
  expect(readFileSync(join(user.home, 'sallyport.log'), 'utf8').split('\n').length).toBeGreaterThan(20);
  expect(marksIn(said.join('\n'), marks)).toEqual([]);
  expect(answers.flatMap((answer) => marksIn(answer, marks))).toEqual([]);
});

/** TCP ports that a process listens on: Linux only. */
function listenersOf(pid: number): number[] {
  const own = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`);
      } catch {
        // It was closed meanwhile.
        return [];
      }
    }),
  );
  const rows = ['tcp', 'tcp6'].flatMap((table) => readFileSync(`/proc/${pid}/net/${table}`, 'utf8').trim().split('\n').slice(1));
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter((row) => row[3] === '0A' && own.has(`socket:[${row[9]}]`))
    .map((row) => Number.parseInt(row[1]!.split(':')[1]!, 16));
}

test.skipIf(process.platform !== 'linux')('no core, and no debugger by a signal', async () => {
  const user = newUser();
  expect((await user.run(['start', ...FREE])).code).toBe(0);
  const pid = daemonPid(user.home)!;
  expect(readFileSync(`/proc/${pid}/limits`, 'utf8')).toMatch(/Max core file size +0 +0 /);
  process.kill(pid, 'SIGUSR1');
  const status = json<{ listen: string }>((await user.run(['status', '--json'])).stdout);
  expect(listenersOf(pid)).toEqual([Number(status.listen.split(':')[1])]);
});
