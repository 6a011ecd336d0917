// The package as a user gets it: packed, installed globally from the tarball under a prefix of its own, and used with nothing of
// the checkout in reach.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startFakeProvider } from '../support/fake-provider.ts';
import { EMAIL } from '../support/samples.ts';

const root = resolve(import.meta.dirname, '../..');
const stage = mkdtempSync(join(tmpdir(), 'sp-package-'));
const prefix = join(stage, 'prefix');
const bin = join(prefix, 'bin', 'sallyport');
/** As PATH finds it. */
const NAME = 'sallyport';
const installed = join(prefix, 'lib/node_modules/sallyport');
const user = join(stage, 'user');
const environment = { PATH: `${join(prefix, 'bin')}${delimiter}${process.env.PATH}`, HOME: user };

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}
let packed: Packed;

function npm(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync('npm', args, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (status !== 0) throw new Error(`npm ${args[0]}: ${stderr}`);
  return stdout;
}

async function sallyport(words: readonly string[], env: Readonly<Record<string, string>> = {}, file = NAME) {
  const child = spawn(file, words, { cwd: stage, env: { ...environment, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const [code] = await once(child, 'close');
  return { code, stdout, stderr };
}

beforeAll(() => {
  [packed] = JSON.parse(npm('pack', '--json', '--pack-destination', stage)) as [Packed];
  npm('install', '--global', '--prefix', prefix, '--prefer-offline', '--no-audit', '--no-fund', join(stage, packed.filename));
}, 240_000);

afterAll(async () => {
  await sallyport(['stop', '--now']);
  rmSync(stage, { recursive: true, force: true });
});

describe('the tarball', () => {
  test('holds what is run and what is read, and nothing else', () => {
    const allowed = [
      /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|SECURITY\.md|sbom\.cdx\.json)$/,
      /^docs\/(adr\/)?[a-z0-9-]+\.(md|svg)$/,
      /^dist\/(cmd|src)\/([a-z0-9-]+\/)*[a-z0-9-]+\.js$/,
      /^dist\/src\/rules\/injection\/(model\.json|MODEL-CARD\.md)$/,
      /^systemd\/(user\/)?[a-z0-9@.-]+\.(service|socket)$/,
      /^launchd\/[a-z0-9.-]+\.plist$/,
    ];
    const paths = packed.files.map(({ path }) => path);
    expect(paths.filter((path) => !allowed.some((pattern) => pattern.test(path)))).toEqual([]);
    const sources = ['cmd', 'src'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((file) => /(?<!\.d)\.ts$/.test(file))
        .map((file) => `dist/${folder}/${file.replace(/\.ts$/, '.js')}`),
    );
    expect(paths).toEqual(expect.arrayContaining(['LICENSE', 'sbom.cdx.json', 'dist/src/rules/injection/model.json', ...sources]));
    expect(packed.size).toBeLessThan(1_500_000);
  });

  test('names no path of the machine it was made on and no registry', () => {
    const own = [root, homedir(), stage].filter((path) => path.length > 1);
    const named = packed.files.filter(({ path }) => {
      const text = readFileSync(join(installed, path), 'latin1');
      return own.some((folder) => text.includes(`${folder}/`)) || /:\/{2}registry\.|file:\/{3}\w/.test(text);
    });
    expect(named).toEqual([]);
  });

  test('runs nothing when it is installed, and lists what comes with it', () => {
    const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
    const onInstall = ['preinstall', 'install', 'postinstall', 'prepare', 'prepublish'];
    expect(onInstall.filter((name) => name in manifest.scripts)).toEqual([]);
    expect(manifest).not.toHaveProperty('private');
    const list = JSON.parse(readFileSync(join(installed, 'sbom.cdx.json'), 'utf8'));
    expect(list.metadata.component).toMatchObject({ name: manifest.name, version: manifest.version });
    const listed = new Set(list.components.map((one: { name: string }) => one.name));
    const there = readdirSync(join(installed, 'node_modules')).flatMap((name) =>
      name.startsWith('@')
        ? readdirSync(join(installed, 'node_modules', name)).map((rest) => `${name}/${rest}`)
        : name.startsWith('.')
          ? []
          : [name],
    );
    expect(there.filter((name) => !listed.has(name))).toEqual([]);
    expect([...listed]).toEqual(expect.arrayContaining(Object.keys(manifest.dependencies)));
    expect(listed).not.toContain('vitest');
  });
});

describe('installed', { timeout: 60_000 }, () => {
  test('says its version, its commands and what it completes', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const [named, byPath, help, script, words] = await Promise.all([
      sallyport(['--version']),
      sallyport(['--version'], {}, bin),
      sallyport(['--help']),
      sallyport(['completion', 'bash']),
      sallyport(['__complete', '--', 'do']),
    ]);
    expect(named).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
    expect(byPath).toEqual(named);
    expect(help).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('doctor') });
    expect(script.stdout).toContain('complete -F _sallyport sallyport');
    expect(words.stdout).toContain('doctor');
  });

  test('an old Node is told what is needed, in one line', async () => {
    const old = join(stage, 'old.mjs');
    const versions = `{ ...process.versions, node: '20.20.2' }`;
    writeFileSync(old, `Object.defineProperty(process, 'versions', { value: ${versions} });`);
    const line = /^sallyport: Node 24\.15 or newer is needed, this is v[^\n]*\n$/;
    const played = await sallyport(['status'], { NODE_OPTIONS: `--import=${old}` });
    expect(played).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(line) });
    // And to a real one, where the machine has it.
    for (const folder of (process.env.PATH ?? '').split(delimiter)) {
      const real = spawnSync(join(folder, 'node'), [join(installed, 'dist/cmd/installed.js'), 'status'], { encoding: 'utf8' });
      const { stdout: version = '' } = spawnSync(join(folder, 'node'), ['--version'], { encoding: 'utf8' });
      if (/^v(1[89]|2[0-3])\./.test(version)) expect(real).toMatchObject({ status: 1, stdout: '', stderr: expect.stringMatching(line) });
    }
  });

  test('a daemon in the background, a guardrail of one’s own, a request through it, and the end', async () => {
    const provider = await startFakeProvider();
    onTestFinished(() => provider.close());
    const roots = join(stage, 'upstream.pem');
    const guardrail = join(stage, 'mine.mjs');
    const config = join(stage, 'config.yaml');
    writeFileSync(roots, provider.authority.pem);
    writeFileSync(
      guardrail,
      `export default ({ segments }) => segments.some(({ text }) => text.includes('shark')) ? { action: 'deny', reason: 'no' } : { action: 'pass' };`,
    );
    writeFileSync(
      config,
      JSON.stringify({
        listen: '127.0.0.1:0',
        connect_to: [`*=${provider.host}:${provider.port}`],
        upstream_ca: [roots],
        guardrails: { mine: { module: guardrail, on_fault: 'deny', deadline_ms: 30_000 } },
      }),
    );
    expect(await sallyport(['start', '--config', config])).toMatchObject({ code: 0, stderr: '' });
    const ask = `
      const body = (words) => JSON.stringify({ model: 'm', max_tokens: 9, messages: [{ role: 'user', content: words }] });
      const post = (words) => fetch('https://api.anthropic.com/v1/messages', { method: 'POST', headers: { 'content-type': 'application/json' }, body: body(words) });
      const [asked, refused] = [await post('write to ${EMAIL}'), await post('a shark')];
      console.log(asked.status, refused.status);`;
    expect(await sallyport(['run', '--', 'node', '--input-type=module', '-e', ask])).toEqual({ code: 0, stdout: '200 403\n', stderr: '' });
    const seen = provider.modelRequests();
    expect(seen).toHaveLength(1);
    expect(seen[0]!.body.toString()).not.toContain(EMAIL);
    expect(await sallyport(['stop'])).toMatchObject({ code: 0 });
    expect((await sallyport(['status'])).code).toBe(3);
  });

  test('in the foreground it is one process that obeys signals', async () => {
    const ready = join(stage, 'ready.json');
    const child = spawn(NAME, ['start', '--foreground', '--listen', '127.0.0.1:0', '--ready-file', ready], {
      env: environment,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    expect(JSON.parse(readFileSync(ready, 'utf8')).pid).toBe(child.pid);
    if (process.platform === 'linux') {
      expect(readFileSync(`/proc/${child.pid}/limits`, 'utf8')).toMatch(/^Max core file size +0 /m);
      expect(readFileSync(`/proc/${child.pid}/cmdline`, 'latin1')).toContain('--disable-sigusr1');
    }
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  test('the demo, and nothing is written into the package', async () => {
    const before = readdirSync(installed, { recursive: true }).length;
    expect((await sallyport(['demo'])).stdout).toContain('e-mail address: masked on the way out, whole again on the way back');
    expect(readdirSync(installed, { recursive: true }).length).toBe(before);
    expect(statSync(user).isDirectory()).toBe(true);
  });
});
