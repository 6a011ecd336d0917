// A daemon that systemd starts: it takes the socket that was bound for it and tells its state. systemd-socket-activate hands the socket over,
// and a listener stands in for the notify socket of the manager.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { controlOf } from '../../src/proxy/control/call.ts';
import { connectPlain } from '../support/client.ts';
import { LAUNCHER } from '../support/daemon-process.ts';
import { eventually } from '../support/eventually.ts';
import { scratchFolder } from '../support/folder.ts';
import { canIsolate } from '../support/namespace.ts';
import { startNotifySocket } from '../support/notify-socket.ts';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Runs it with what it says kept; ended with the test. */
function launch(file: string, args: readonly string[], env: Record<string, string>) {
  const child = spawn(file, args, { env: { PATH: process.env.PATH ?? '', ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const pieces: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => pieces.push(piece));
  return { child, ended: once(child, 'close') as Promise<[number | null]>, output: () => Buffer.concat(pieces).toString() };
}

test('the first connection starts it; systemd hears that it is ready, alive, reloading and stopping, and its children hear nothing', async () => {
  const folder = scratchFolder();
  const home = join(folder, 'home');
  const caFile = join(folder, 'ca.pem');
  const seen = join(folder, 'seen');
  const program = join(folder, 'key-program');
  writeFileSync(program, `#!/bin/sh\nenv > ${seen}\nls -l /proc/self/fd >> ${seen}\necho the-key\n`);
  chmodSync(program, 0o700);
  const socket = await startNotifySocket(join(folder, 'notify'));
  const port = await freePort();
  const env = { HOME: folder, NOTIFY_SOCKET: join(folder, 'notify'), WATCHDOG_USEC: '200000' };
  const passed = ['PATH', ...Object.keys(env)].flatMap((name) => ['-E', name]);
  const inject = JSON.stringify({ host: 'api.example.com', header: 'x-key', value: `\${exec:${program}}` });
  const words = ['start', '--foreground', '--home', home, '--ca-file', caFile, '--inject', inject];
  const { child, ended, output } = launch(
    'systemd-socket-activate',
    ['-l', `127.0.0.1:${port}`, '--fdname=proxy', ...passed, LAUNCHER, ...words],
    env,
  );
  await eventually(() => expect(output()).toContain('Listening on'));
  expect(socket.messages).toEqual([]);

  // Who knocks first is served by the daemon that it started.
  const client = await connectPlain({ host: '127.0.0.1', port });
  client.write(`GET /proxy.pac HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
  await socket.heard('READY=1');
  expect(socket.messages[0]).toEqual(['READY=1', 'STATUS=listening', 'on', `127.0.0.1:${port}`]);
  await socket.heard('WATCHDOG=1');
  const control = controlOf(home);
  expect(await control.status()).toMatchObject({ listen: `127.0.0.1:${port}`, pid: child.pid });

  // The CA is there for everybody, whatever the umask.
  expect(readFileSync(caFile, 'utf8')).toBe(readFileSync(join(home, 'ca.pem'), 'utf8'));
  expect(statSync(caFile).mode & 0o777).toBe(0o644);

  await control.references();
  const inherited = readFileSync(seen, 'utf8');
  expect(inherited).toContain(`HOME=${folder}`);
  expect(inherited).not.toMatch(/LISTEN_|NOTIFY_SOCKET|WATCHDOG_|socket:\[/);

  const before = socket.messages.length;
  child.kill('SIGHUP');
  await socket.heard('RELOADING=1', before);
  const at = socket.messages.findIndex(([word]) => word === 'RELOADING=1');
  expect(socket.messages[at]![1]).toMatch(/^MONOTONIC_USEC=\d+$/);
  await socket.heard('READY=1', at);

  child.kill('SIGTERM');
  expect(await socket.heard('STOPPING=1')).toContain('EXTEND_TIMEOUT_USEC=28000000');
  expect(await ended).toEqual([0, null]);
  expect(output()).not.toContain('Next:');
});

test('what cannot be taken over is told in one line, and nothing is left of the start', async () => {
  const folder = scratchFolder();
  const home = join(folder, 'home');
  const start = (assignments: string) =>
    launch('sh', ['-c', `exec 3</dev/null; ${assignments} exec "$0" start --foreground --home "$1"`, LAUNCHER, home], { HOME: folder });
  const two = start('LISTEN_PID=$$ LISTEN_FDS=2');
  const file = start('LISTEN_PID=$$ LISTEN_FDS=1');
  expect(await two.ended).toEqual([1, null]);
  expect(two.output()).toBe(
    'sallyport: from the service manager: 2 sockets were handed over and one is taken: leave one ListenStream= in the socket unit\n',
  );
  expect(await file.ended).toEqual([1, null]);
  expect(file.output()).toBe('sallyport: descriptor 3 was handed over to listen on and is no TCP socket that can be\n');
  expect(existsSync(join(home, 'control.sock'))).toBe(false);
});

test.runIf(canIsolate)('a socket that other machines reach is refused, as `listen` would be', async () => {
  const folder = scratchFolder();
  const activate = 'systemd-socket-activate -E PATH -E HOME -l 0.0.0.0:8898 "$0" start --foreground --home "$1"';
  // Connections before it listens are refused; the first one that is not starts the daemon.
  const steps = `ip link set lo up; ${activate} & n=0; until curl -s -m 5 -o /dev/null http://127.0.0.1:8898/ || [ $? != 7 ] || [ $n = 500 ]; do n=$((n + 1)); sleep 0.02; done; wait`;
  const { ended, output } = launch('unshare', ['-rnpf', '--kill-child', 'sh', '-ec', steps, LAUNCHER, join(folder, 'home')], {
    HOME: folder,
  });
  await ended;
  expect(output()).toContain(
    'sallyport: listen: 0.0.0.0:8898 can be reached from other machines; that needs allow_remote: true and proxy_auth as well\n',
  );
});
