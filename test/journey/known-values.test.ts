// Values that look like nothing are masked because they are known: from the environment of `run`, from .env files, from credentials.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { connectTlsTunnel } from '../support/client.ts';
import { startDaemonProcess } from '../support/daemon-process.ts';
import { eventually } from '../support/eventually.ts';
import { startFakeProvider } from '../support/fake-provider.ts';
import { scratchFolder } from '../support/folder.ts';
import { requestBytes } from '../support/http1.ts';
import { newUser } from '../support/sallyport.ts';
import { leaksOf } from '../support/secret-forms.ts';
import { startWorld } from '../support/world.ts';

const VALUE = ['zebra', 'Quartz!', '77', 'umbrella'].join(' ');
const HOST = 'api.anthropic.com';

function everythingIn(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, 'latin1'))
    .join('\n');
}

test('in every form, and what comes back is what was sent', async () => {
  const world = await startWorld({ daemon: { known: [VALUE] } });
  const words = `it is ${VALUE}, ${Buffer.from(`key:${VALUE}`).toString('base64')} and ${Buffer.from(VALUE).toString('hex')}`;
  const reply = await world.post(HOST, '/v1/messages', { messages: [{ role: 'user', content: words }] }, ['X-Note', VALUE]);
  expect(leaksOf(VALUE, world.provider.capture.everything())).toEqual([]);
  expect(JSON.stringify(reply.json)).toContain(`ECHO<${words}> END`);
  expect((await world.daemon.record()).edits).toEqual({ secrets: 4 });
});

test('the secrets in the environment of a command, for as long as it runs; its own login is left alone', async () => {
  const fake = await startFakeProvider();
  onTestFinished(() => fake.close());
  const user = newUser();
  const ca = join(user.folder, 'upstream.pem');
  writeFileSync(ca, fake.authority.pem);
  const program = `
    const headers = { 'content-type': 'application/json', 'x-api-key': process.env.SERVICE_TOKEN };
    const body = JSON.stringify({ messages: [{ role: 'user', content: 'use ' + process.env.SERVICE_TOKEN + ' in ' + process.env.PLACE }] });
    fetch('https://${HOST}/v1/messages', { method: 'POST', headers, body }).then((reply) => reply.text()).then(console.log);`;
  const started = await user.run(['start', '--listen', '127.0.0.1:0', '--connect-to', `*=${fake.host}:${fake.port}`, '--upstream-ca', ca]);
  expect(started.code).toBe(0);
  const env = { SERVICE_TOKEN: VALUE, PLACE: 'the-usual-place' };
  const ran = await user.run(['run', '--', process.execPath, '-e', program], { env });
  expect(ran.stderr).toBe('');
  expect(ran.stdout).toContain(`use ${VALUE} in the-usual-place`);
  const [seen] = fake.capture.requests;
  expect(seen!.body.toString()).toMatch(/use SP_SECRET_[A-Z2-7]{12} in the-usual-place/);
  expect(seen!.headers).toContain(VALUE);
  expect(leaksOf(VALUE, everythingIn(user.home))).toEqual([]);
  // Whoever runs without it says nothing that is known.
  const other = await user.run(['run', '--', process.execPath, '-e', program.replaceAll('process.env.SERVICE_TOKEN', `'${VALUE}'`)], {
    env: {},
  });
  expect(other.code).toBe(0);
  expect(fake.capture.requests[1]!.body.toString()).toContain(VALUE);
});

test('.env files, read again when they change', async () => {
  const fake = await startFakeProvider();
  onTestFinished(() => fake.close());
  const folder = scratchFolder();
  const file = join(folder, '.env');
  writeFileSync(file, `# mine\nexport APP_SECRET="${VALUE}"\nNODE_ENV=development\n`);
  const daemon = await startDaemonProcess({ upstream: fake, upstreamCa: fake.authority.pem, args: ['--known-values', file] });
  onTestFinished(async () => void (await daemon.stop('SIGKILL')));
  const say = async (words: string): Promise<string> => {
    const client = await connectTlsTunnel(daemon, `${HOST}:443`, { ca: daemon.ca, alpn: ['http/1.1'] });
    onTestFinished(() => client.destroy());
    const body = JSON.stringify({ messages: [{ role: 'user', content: words }] });
    await client.write(requestBytes('POST /v1/messages', ['Host', HOST, 'Content-Type', 'application/json'], body));
    await client.reply();
    return fake.capture.requests.at(-1)!.body.toString();
  };
  const first = await say(`${VALUE} in development, another-one-88`);
  expect(first).not.toContain(VALUE);
  expect(first).toContain('in development, another-one-88');
  writeFileSync(file, `APP_SECRET='${VALUE}'\nOTHER=another-one-88\n`);
  await eventually(async () => expect(await say('it is another-one-88')).not.toContain('another-one-88'));
  expect(await say(VALUE)).not.toContain(VALUE);
  expect(daemon.output()).not.toContain(VALUE);
});
