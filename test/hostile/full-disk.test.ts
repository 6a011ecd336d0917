// A disk that is full while the daemon runs: said once, and what happens to exchanges is what the configuration says. The home is on a
// small file system of its own, in a mount namespace, so that no other disk is filled.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { connectTlsTunnel } from '../support/client.ts';
import { LAUNCHER } from '../support/daemon-process.ts';
import { startFakeProvider } from '../support/fake-provider.ts';
import { scratchFolder } from '../support/folder.ts';

const HOST = 'api.anthropic.com';
const canMount = process.platform === 'linux' && spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;

async function smallHome(onFailure: string) {
  const fake = await startFakeProvider();
  onTestFinished(() => fake.close());
  const folder = scratchFolder();
  const home = join(folder, 'h');
  mkdirSync(home, { mode: 0o700 });
  writeFileSync(join(folder, 'ca.pem'), fake.authority.pem);
  const ready = join(folder, 'ready.json');
  const words = [
    'start',
    '--foreground',
    '--home',
    home,
    '--listen',
    '127.0.0.1:0',
    '--ready-file',
    ready,
    '--audit',
    `on_failure=${onFailure}`,
  ];
  const upstream = ['--connect-to', `*=${fake.host}:${fake.port}`, '--upstream-ca', join(folder, 'ca.pem')];
  const script = 'mount -t tmpfs -o size=4m,mode=0700 tmpfs "$1" && shift && exec "$@"';
  const child = spawn('unshare', ['-rm', 'sh', '-ec', script, 'sh', home, LAUNCHER, ...words, ...upstream], {
    env: { PATH: process.env.PATH, HOME: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (output += text.toString()));
  onTestFinished(() => void child.kill('SIGKILL'));
  const facts = await vi.waitFor(() => JSON.parse(readFileSync(ready, 'utf8')) as { listen: string; ca: string; pid: number }, {
    timeout: 20_000,
  });
  // The home as the daemon sees it.
  const inside = (name: string) => join('/proc', String(facts.pid), 'root', home, name);
  const [host, port] = facts.listen.split(':') as [string, string];
  const ca = readFileSync(inside('ca.pem'), 'utf8');
  const ask = async () => {
    const c = await connectTlsTunnel({ host, port: Number(port) }, `${HOST}:443`, { ca, alpn: ['http/1.1'] });
    onTestFinished(() => c.destroy());
    const body = Buffer.from(JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }] }));
    // Long paths fill the last pages of the store.
    return c.request(`POST /v1/messages/${'p'.repeat(3000)}`, ['Host', HOST, 'Content-Type', 'application/json'], body);
  };
  const fill = () => {
    for (const size of [2 ** 16, 4096, 1]) {
      try {
        for (;;) writeFileSync(inside('filler'), Buffer.alloc(size), { flag: 'a' });
      } catch {
        // Nothing of this size fits any more.
      }
    }
  };
  return { ask, fill, empty: () => rmSync(inside('filler')), output: () => output, child };
}

test.runIf(canMount)('block: new exchanges are refused until there is room', { timeout: 90_000 }, async () => {
  const { ask, fill, empty, output, child } = await smallHome('block');
  expect((await ask()).status).not.toBe(503);
  fill();
  await vi.waitFor(async () => expect((await ask()).status).toBe(503), { timeout: 20_000, interval: 300 });
  expect((await ask()).body.toString()).toContain('audit-failing');
  expect(output().match(/the audit log cannot be written/g)).toHaveLength(1);
  empty();
  await vi.waitFor(async () => expect((await ask()).status).not.toBe(503), { timeout: 20_000, interval: 300 });
  expect(output().match(/the audit log is written again/g)).toHaveLength(1);
  expect(child.exitCode).toBeNull();
});

test.runIf(canMount)('continue: exchanges go on', { timeout: 90_000 }, async () => {
  const { ask, fill, output, child } = await smallHome('continue');
  fill();
  await vi.waitFor(
    async () => {
      expect((await ask()).status).not.toBe(503);
      expect(output()).toContain('the audit log cannot be written');
    },
    { timeout: 20_000, interval: 300 },
  );
  expect((await ask()).status).not.toBe(503);
  expect(child.exitCode).toBeNull();
});
