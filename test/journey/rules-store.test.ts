// Rules of the store on the wire: a change by a command acts on the next exchange of the daemon that runs, and none that cannot be read weakens it.
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { controlOf } from '../../src/proxy/control/call.ts';
import { openStore } from '../../src/store/open.ts';
import { connectTlsTunnel } from '../support/client.ts';
import { type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { eventually } from '../support/eventually.ts';
import { startFakeProvider } from '../support/fake-provider.ts';
import { requestBytes } from '../support/http1.ts';
import { newUser, type User } from '../support/sallyport.ts';
import { EMAIL } from '../support/samples.ts';

const HOST = 'api.anthropic.com';

async function setUp() {
  const user = newUser();
  const fake = await startFakeProvider();
  onTestFinished(() => fake.close());
  const start = async () => {
    const daemon = await startDaemonProcess({ home: user.home, upstream: fake, upstreamCa: fake.authority.pem });
    onTestFinished(async () => void (await daemon.stop('SIGKILL')));
    return daemon;
  };
  const rules = async (...words: string[]) => expect(await user.run(['rules', ...words])).toMatchObject({ code: 0, stderr: '' });
  return { user, fake, start, rules };
}

async function connect(daemon: DaemonProcess) {
  const client = await connectTlsTunnel(daemon, `${HOST}:443`, { ca: daemon.ca, alpn: ['http/1.1'] });
  onTestFinished(() => client.destroy());
  return client;
}

function question(words: string): Buffer {
  const body = JSON.stringify({ messages: [{ role: 'user', content: words }] });
  return requestBytes('POST /v1/messages', ['Host', HOST, 'Content-Type', 'application/json'], body);
}

async function ask(daemon: DaemonProcess, words: string) {
  const client = await connect(daemon);
  await client.write(question(words));
  return client.reply();
}

const changes = (daemon: DaemonProcess) => daemon.output().split('the rules of the store were changed').length - 1;
const changed = (daemon: DaemonProcess, times: number) => eventually(() => expect(changes(daemon)).toBe(times));

function damage(user: User, id: string, text: string): void {
  const store = openStore({ path: join(user.home, 'sallyport.db') });
  store.db.prepare('UPDATE rules SET rule = ? WHERE id = ?').run(text, id);
  store.close();
}

test('a rule acts on the next exchange, and one that is under way keeps its policy', { timeout: 90_000 }, async () => {
  const { user, fake, start, rules } = await setUp();
  const daemon = await start();
  expect((await ask(daemon, EMAIL)).status).toBe(200);
  const underWay = await connect(daemon);
  const bytes = question(EMAIL);
  await underWay.write(bytes.subarray(0, bytes.length - 10));
  await eventually(async () => expect((await controlOf(user.home).status()).exchanges).toBe(1));
  await rules('add', '--id', 'no-mail', '--kinds', 'email', '--action', 'block');
  await changed(daemon, 1);
  await underWay.write(bytes.subarray(bytes.length - 10));
  expect((await underWay.reply()).status).toBe(200);
  const refused = await ask(daemon, EMAIL);
  expect(refused.status).toBe(403);
  expect(refused.body.toString()).toContain('rule no-mail');
  await rules('edit', 'no-mail', '--action', 'off');
  await changed(daemon, 2);
  expect((await ask(daemon, EMAIL)).status).toBe(200);
  expect(fake.capture.requests.at(-1)!.body.toString()).toContain(EMAIL);
  await rules('disable', 'no-mail');
  await changed(daemon, 3);
  await ask(daemon, EMAIL);
  expect(fake.capture.requests.at(-1)!.body.toString()).not.toContain(EMAIL);
});

test('rules are there after a restart, those of the configuration first', { timeout: 90_000 }, async () => {
  const { fake, start, rules } = await setUp();
  await rules('add', '--id', 'ticket', '--pattern', 'ACME-\\d+', '--word', 'TICKET', '--action', 'mask');
  const daemon = await start();
  expect((await ask(daemon, 'about ACME-17')).body.toString()).toContain('ACME-17');
  expect(fake.capture.requests[0]!.body.toString()).toMatch(/about SP_TICKET_[A-Z2-7]{12}/);
});

test('a row that cannot be read: one that lets pass is named once, one that may hold leaves the old policy', {
  timeout: 90_000,
}, async () => {
  const { user, start, rules } = await setUp();
  await rules('add', '--id', 'no-mail', '--kinds', 'email', '--action', 'block');
  await rules('add', '--id', 'quiet', '--kinds', 'phone', '--action', 'off');
  const daemon = await start();
  damage(user, 'quiet', '{"kinds":["faces"],"action":"off"}');
  await eventually(() => expect(daemon.output()).toContain('the rule «quiet» in the store is passed over'));
  damage(user, 'no-mail', '{"kinds":["email"],"action":"block","until":"noon"}');
  await eventually(() => expect(daemon.output()).toContain('the old policy stays'));
  expect((await ask(daemon, EMAIL)).status).toBe(403);
  expect(daemon.output().split('«quiet»')).toHaveLength(2);
  await daemon.stop();
  const refused = await user.run(['start', '--listen', '127.0.0.1:0']);
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toMatch(/^sallyport: the rule «no-mail» .*unknown key «until».*\/sallyport rules disable no-mail\n$/);
  await rules('disable', 'no-mail');
  expect((await user.run(['start', '--listen', '127.0.0.1:0'])).code).toBe(0);
});

test('a rule of the configuration with the id of one in the store is refused at the start', { timeout: 90_000 }, async () => {
  const { user, rules } = await setUp();
  await rules('add', '--id', 'twin', '--action', 'warn');
  const refused = await user.run(['start', '--listen', '127.0.0.1:0', '--rules', '{"id":"twin","action":"off"}']);
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('one in --rules, one in the store') });
  expect(refused.stderr).toContain('rules remove twin');
});
