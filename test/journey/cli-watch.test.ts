// Watching a daemon: its metrics, the page for Prometheus, and `status --watch` in a pipe, as JSON and at a terminal.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Status } from '../../src/proxy/control/messages.ts';
import { connectTlsTunnel } from '../support/client.ts';
import { startCollector } from '../support/collector.ts';
import { LAUNCHER } from '../support/daemon-process.ts';
import { eventually } from '../support/eventually.ts';
import { FREE, json, newUser, type User } from '../support/sallyport.ts';
import { startDaemon } from '../support/user-daemon.ts';

const HOST = 'api.anthropic.com';
const ESC = String.fromCharCode(27);

/** One exchange through the daemon of a user. */
async function exchange(user: User, daemon: { readonly host: string; readonly port: number }): Promise<void> {
  const client = await connectTlsTunnel(daemon, `${HOST}:443`, { ca: readFileSync(join(user.home, 'ca.pem'), 'utf8'), alpn: ['http/1.1'] });
  onTestFinished(() => client.destroy());
  const body = JSON.stringify({ model: 'claude-opus-4-5', messages: [{ role: 'user', content: 'hi' }] });
  expect((await client.request('POST /v1/messages', ['Host', HOST, 'Content-Type', 'application/json'], body)).status).toBe(200);
  client.end();
}

const status = async (user: User) => json<Status>((await user.run(['status', '--json'])).stdout);

/** `status --watch` at a terminal of its own; `type` writes to it. */
function atTerminal(user: User, size: string, environment: Readonly<Record<string, string>> = {}) {
  const command = `stty ${size}; exec '${LAUNCHER}' status --watch --home '${user.home}'`;
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    env: { PATH: process.env.PATH, HOME: user.folder, TERM: 'xterm', SHELL: '/bin/sh', ...environment },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let shown = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (shown += text));
  return { shown: () => shown, type: (keys: string) => child.stdin.write(keys), ended: once(child, 'close') as Promise<[number]> };
}

test('metrics: the text, the values, and the page for Prometheus', { timeout: 60_000 }, async () => {
  const user = newUser();
  const daemon = await startDaemon(user, '--metrics', '127.0.0.1:0');
  await exchange(user, daemon);
  await eventually(async () => expect((await status(user)).traffic).toHaveLength(1));
  const text = await user.run(['metrics']);
  expect(text).toMatchObject({ code: 0, stderr: '' });
  const row = 'sallyport_exchanges_total{provider="anthropic",endpoint="messages",status="2xx",verdict="pass"} 1\n';
  expect(text.stdout).toContain(row);
  const values = json<{ name: string; values: { value: number }[] }[]>((await user.run(['metrics', '--json'])).stdout);
  expect(values.find(({ name }) => name === 'sallyport_leaves_issued_total')?.values[0]?.value).toBe(1);

  const { metricsUrl } = await status(user);
  expect((await user.run(['status'])).stdout).toMatch(new RegExp(`^metrics +${metricsUrl}$`, 'm'));
  const page = await new Promise<string>((resolve, reject) => {
    get(metricsUrl!, (reply) => {
      let body = '';
      reply.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      reply.on('end', () => resolve(body));
    }).on('error', reject);
  });
  expect(page).toContain(row);

  const other = newUser();
  const taken = await other.run(['start', ...FREE, '--metrics', new URL(metricsUrl!).host]);
  expect(taken).toMatchObject({
    code: 1,
    stderr: `sallyport: ${new URL(metricsUrl!).host} is taken by another program: choose another with --metrics HOST:PORT (port 0 picks one)\n`,
  });
  expect(await other.run(['metrics'])).toMatchObject({ code: 3, stdout: '' });
});

test('status --watch in a pipe, as JSON and at a terminal; traces go to their collector, the last ones at the end', {
  timeout: 60_000,
}, async () => {
  const user = newUser();
  const collector = await startCollector();
  const daemon = await startDaemon(user, '--traces', collector.endpoint);
  const watching = user.spawn(['status', '--watch']);
  await eventually(() => expect(watching.stdout()).toContain('no exchange yet\n'));
  await exchange(user, daemon);
  await eventually(() =>
    expect(watching.stdout()).toMatch(/\n\nrunning for .*\n\nprovider +state +req\/min .*\nanthropic +ok +1 .* 11\/22 .*\n/),
  );
  expect(watching.stdout()).not.toContain(ESC);
  watching.child.stdout!.destroy();
  expect((await watching.ended).code).toBe(0);

  const lines = user.spawn(['status', '--watch', '--json']);
  await eventually(() => expect(lines.stdout().trim().split('\n').length).toBeGreaterThan(1));
  lines.child.kill('SIGINT');
  expect((await lines.ended).code).toBe(0);
  const [first] = lines.stdout().split('\n');
  expect(json<Status>(first!).traffic).toMatchObject([{ provider: 'anthropic', exchanges: 1, tokensIn: 11, tokensOut: 22 }]);

  const coloured = atTerminal(user, 'cols 66 rows 10');
  const plain = atTerminal(user, 'cols 30 rows 10', { NO_COLOR: '1' });
  for (const { shown } of [coloured, plain]) await eventually(() => expect(shown()).toContain(`${ESC}[4A\r`));
  for (const { type } of [coloured, plain]) type('\u0003');
  expect(await coloured.ended).toEqual([0, null]);
  expect(await plain.ended).toEqual([0, null]);
  const drawn = plain.shown().split(/\r?\n/);
  expect(drawn.slice(0, 4).map((line) => line.replace(`${ESC}[K`, ''))).toEqual([
    expect.stringMatching(/^running for .{1,16}…$/),
    '',
    'provider   state  req/min',
    'anthropic  ok           1',
  ]);
  expect(plain.shown()).not.toContain(`${ESC}[2m`);
  expect(coloured.shown()).toContain(`${ESC}[2mprovider `);
  expect(coloured.shown()).toContain('first byte p50/p95 ms');
  expect(coloured.shown()).not.toContain('added p50');

  await user.run(['stop']);
  await eventually(() => expect(collector.spans.map(({ name }) => name)).toContain('chat claude-opus-4-5'));
});
