// The guard of `env --hook` in real shells at a real terminal: while the daemon lives, when it is killed, and when it is there again.
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { EnvironmentChange } from '../../cmd/environment.ts';
import { type HookedShell, hookText } from '../../cmd/shell-hook.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { openShell } from '../support/interactive-shell.ts';
import { daemonPid, json, newUser } from '../support/sallyport.ts';

const SHELLS = (['bash', 'zsh', 'fish'] as const).filter((shell) => spawnSync(shell, ['-c', 'true']).status === 0);
const ORIGIN = 'origin.example.test';
const FORMER = 'http://former.example.test:3128';

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true));
    socket.on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}

test('in bash, zsh and fish a shell keeps working when its daemon is killed, refusing or direct, and takes it up again', async () => {
  const origin = createServer((_, reply) => reply.end('the origin')).listen(0, '127.0.0.1');
  await new Promise((resolve) => origin.once('listening', resolve));
  onTestFinished(() => void origin.close());
  const { port: behind } = origin.address() as AddressInfo;
  const port = await freePort();
  const user = newUser();
  const settings = ['--listen', `127.0.0.1:${port}`, '--connect-to', `${ORIGIN}=127.0.0.1:${behind}`];
  expect(await user.run(['start', ...settings])).toMatchObject({ code: 0 });

  const env = { PATH: process.env.PATH ?? '', HOME: user.folder, HTTPS_PROXY: FORMER, NO_PROXY: 'it\'s $(touch x) `y` "' };
  const printed = await user.run(['env', '--json', '--listen', `127.0.0.1:${port}`], { env });
  const change = json<EnvironmentChange>(printed.stdout);
  const open = async (shell: HookedShell, whenDown: 'refuse' | 'direct') => {
    const hook = hookText(shell, { host: '127.0.0.1', port, change, inherited: env, whenDown });
    const own = openShell(shell, { ...env, HOOK: hook }, user.folder);
    await own.type(shell === 'fish' ? 'eval $HOOK' : 'eval "$HOOK"');
    // Without --resolve the name is nowhere; with a proxy curl leaves it to the proxy.
    const curl = `curl -s --max-time 5 --resolve ${ORIGIN}:${behind}:127.0.0.1 http://${ORIGIN}:${behind}/`;
    return {
      name: `${shell}, ${whenDown}`,
      isDirect: whenDown === 'direct',
      look: async () => ({
        proxy: (await own.type('printf %s "$HTTPS_PROXY"')).out,
        lower: (await own.type('printf %s "$http_proxy"')).out,
        noProxy: (await own.type('printf %s "$NO_PROXY"')).out,
        curl: await own.type(curl),
      }),
      type: own.type,
    };
  };
  const all = await Promise.all(SHELLS.flatMap((shell) => [open(shell, 'refuse'), open(shell, 'direct')]));
  expect(all.length).toBeGreaterThanOrEqual(2);

  const url = `http://127.0.0.1:${port}`;
  const looks = () => Promise.all(all.map(async (one) => ({ one, seen: await one.look() })));
  const expectUp = async (when: string) => {
    for (const { one, seen } of await looks()) {
      expect(seen, `${one.name}, ${when}`).toMatchObject({ proxy: url, lower: url, curl: { out: 'the origin', status: 0 } });
      expect(seen.noProxy, one.name).toContain('127.0.0.1');
    }
  };
  const exchanges = async () =>
    json<{ totals: Record<string, number> }>((await user.run(['status', '--json'])).stdout).totals['absolute-form'];
  await expectUp('with the daemon');
  expect(await exchanges()).toBe(all.length);

  process.kill(daemonPid(user.home)!, 'SIGKILL');
  await eventually(() => expect(listens(port)).resolves.toBe(false));
  // The prompt that is there was made before the daemon was killed.
  const words = await Promise.all(all.map((one) => one.type('true')));
  for (const { one, seen } of await looks()) {
    if (one.isDirect) {
      expect(seen, one.name).toMatchObject({ proxy: FORMER, lower: '', noProxy: env.NO_PROXY, curl: { out: 'the origin', status: 0 } });
    } else {
      expect(seen, one.name).toMatchObject({ proxy: url, lower: url, curl: { out: '', status: 7 } });
    }
  }
  expect(words.every(({ status }) => status === 0)).toBe(true);
  // A failing command is still seen to have failed.
  for (const one of all) expect((await one.type('false')).status, one.name).toBe(1);

  expect(await user.run(['start', ...settings])).toMatchObject({ code: 0 });
  await Promise.all(all.map((one) => one.type('true')));
  await expectUp('with the next daemon');
});

test('a hook without a daemon: set where it refuses, not where it goes direct; no shell that has none', async () => {
  const user = newUser();
  const port = await freePort();
  const text = async (whenDown: string) =>
    (await user.run(['env', '--hook', 'bash', '--when-down', whenDown, '--listen', `127.0.0.1:${port}`])).stdout;
  const shown = (hook: string) =>
    spawnSync('bash', ['-c', 'eval "$1"; printf "[%s]" "$HTTPS_PROXY"', 'bash', hook], {
      env: { PATH: process.env.PATH ?? '' },
      encoding: 'utf8',
    });
  const refuse = shown(await text('refuse'));
  expect(refuse).toMatchObject({ stdout: `[http://127.0.0.1:${port}]`, stderr: expect.stringContaining('when_down: refuse') });
  const direct = shown(await text('direct'));
  expect(direct).toMatchObject({ stdout: '[]', stderr: expect.stringContaining('UNMASKED (when_down: direct)') });
  expect(await user.run(['env', '--hook', 'powershell'])).toMatchObject({ code: 2, stderr: expect.stringContaining('bash, zsh, fish') });
});
