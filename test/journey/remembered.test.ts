// What a placeholder stands for outlives the daemon, however that ends; and none of it can be read in the home.
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { connectTlsTunnel } from '../support/client.ts';
import { startDaemonProcess } from '../support/daemon-process.ts';
import { eventually } from '../support/eventually.ts';
import { startFakeProvider } from '../support/fake-provider.ts';
import { scratchFolder } from '../support/folder.ts';
import { requestBytes } from '../support/http1.ts';
import { readAnthropicEvents } from '../support/provider/anthropic.ts';
import { EMAIL, TOKEN } from '../support/samples.ts';
import { leaksOf } from '../support/secret-forms.ts';
import { parseEvents } from '../support/sse.ts';

const HOST = 'api.anthropic.com';

async function setUp() {
  const fake = await startFakeProvider();
  onTestFinished(() => fake.close());
  const home = join(scratchFolder(), 'h');
  const start = async () => {
    const daemon = await startDaemonProcess({ upstream: fake, upstreamCa: fake.authority.pem, home });
    onTestFinished(async () => void (await daemon.stop('SIGKILL')));
    const ask = async (words: string): Promise<string> => {
      const client = await connectTlsTunnel(daemon, `${HOST}:443`, { ca: daemon.ca, alpn: ['http/1.1'] });
      onTestFinished(() => client.destroy());
      const body = JSON.stringify({ stream: true, messages: [{ role: 'user', content: words }] });
      await client.write(requestBytes('POST /v1/messages', ['Host', HOST, 'Content-Type', 'application/json'], body));
      const reply = await client.reply();
      return readAnthropicEvents(parseEvents(reply.body.toString()).map((event) => event.json)).text;
    };
    return { ...daemon, ask };
  };
  const sent = () => /SP_[A-Z]+_[A-Z2-7]+/.exec(fake.capture.requests.at(-1)!.body.toString())![0];
  return { fake, home, file: join(home, 'placeholders.sealed'), start, sent };
}

const everythingIn = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, 'latin1'))
    .join('\n');

test('a reply after a restart is restored, and no file of the home holds a value in any form', async () => {
  const { home, start, sent } = await setUp();
  const first = await start();
  await first.ask(`Write to ${EMAIL}.`);
  const placeholder = sent();
  await first.ask(`The token is ${TOKEN}`);
  expect(await first.stop('SIGTERM')).toBe(0);
  for (const value of [EMAIL, TOKEN]) expect(leaksOf(value, everythingIn(home))).toEqual([]);
  const second = await start();
  expect(await second.ask(`whose is ${placeholder}?`)).toBe(`ECHO<whose is ${EMAIL}?> END`);
  expect(leaksOf(EMAIL, second.output())).toEqual([]);
});

test('the same after SIGKILL, once the batch is written', async () => {
  const { home, file, start, sent } = await setUp();
  const first = await start();
  await first.ask(`Write to ${EMAIL}.`);
  const placeholder = sent();
  await eventually(() => expect(existsSync(file)).toBe(true));
  await first.stop('SIGKILL');
  const second = await start();
  expect(await second.ask(`whose is ${placeholder}?`)).toContain(EMAIL);
  expect(leaksOf(EMAIL, everythingIn(home))).toEqual([]);
});

test('a damaged file is said, kept, and no reason not to start', async () => {
  const { home, file, start } = await setUp();
  const first = await start();
  await first.ask(`Write to ${EMAIL}.`);
  await first.stop('SIGTERM');
  writeFileSync(file, 'not what it was');
  const second = await start();
  expect(second.output()).toContain('placeholders.sealed is damaged');
  expect(await second.ask(`Write to ${EMAIL}.`)).toContain(EMAIL);
  expect(readdirSync(home).filter((name) => name.startsWith('placeholders.sealed.aside-'))).toHaveLength(1);
});
