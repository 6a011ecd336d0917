// The real daemon process with traffic in it: what must survive a signal, a restart and a crowd.
import { expect, onTestFinished, test } from 'vitest';
import { connectTlsTunnel } from '../support/client.ts';
import { startDaemonProcess } from '../support/daemon-process.ts';
import { type FakeProvider, startFakeProvider } from '../support/fake-provider.ts';
import { scratchFolder } from '../support/folder.ts';
import { requestBytes } from '../support/http1.ts';
import { readAnthropicEvents } from '../support/provider/anthropic.ts';
import { EMAIL } from '../support/samples.ts';
import { leaksOf } from '../support/secret-forms.ts';
import { nextEvent, parseEvents } from '../support/sse.ts';

const HOST = 'api.anthropic.com';

function ask(words: string): Buffer {
  const body = JSON.stringify({ stream: true, messages: [{ role: 'user', content: words }] });
  return requestBytes('POST /v1/messages', ['Host', HOST, 'Content-Type', 'application/json'], body);
}

async function provider(): Promise<FakeProvider> {
  const fake = await startFakeProvider();
  onTestFinished(() => fake.close());
  return fake;
}

async function daemon(fake: FakeProvider, home?: string) {
  const started = await startDaemonProcess({ upstream: fake, upstreamCa: fake.authority.pem, ...(home ? { home } : {}) });
  onTestFinished(async () => void (await started.stop('SIGKILL')));
  const connect = async (ca = started.ca) => {
    const c = await connectTlsTunnel(started, `${HOST}:443`, { ca, alpn: ['http/1.1'] });
    onTestFinished(() => c.destroy());
    return c;
  };
  return { ...started, connect };
}

test('SIGTERM lets a stream end, whole and restored, and the exit code is 0', async () => {
  const fake = await provider();
  const d = await daemon(fake);
  const c = await d.connect();
  await c.write(ask(`[[pause 20]] write to ${EMAIL}`));
  const { body } = await c.openReply();
  const events = [(await nextEvent(body))!];
  const exit = d.stop('SIGTERM');
  for (let e = await nextEvent(body); e; e = await nextEvent(body)) events.push(e);
  expect(body.ending).toEqual({ how: 'end' });
  expect(readAnthropicEvents(events.map((e) => e.json)).text).toBe(`ECHO<[[pause 20]] write to ${EMAIL}> END`);
  c.end();
  expect(await exit).toBe(0);
});

test('the same CA and the same placeholder after a restart', async () => {
  const fake = await provider();
  const home = scratchFolder();
  const cas = new Set<string>();
  for (const how of ['SIGTERM', 'SIGKILL', 'SIGTERM'] as const) {
    const d = await daemon(fake, `${home}/h`);
    cas.add(d.ca);
    const c = await d.connect([...cas][0]);
    await c.write(ask(`Write to ${EMAIL} please.`));
    expect((await c.reply()).body.toString()).toContain('message_stop');
    await d.stop(how);
  }
  expect(cas.size).toBe(1);
  const stand = fake.capture.requests.map((r) => /Write to (\S+) please/.exec(r.body.toString())?.[1]);
  expect(stand).toHaveLength(3);
  expect(new Set(stand).size).toBe(1);
  expect(leaksOf(EMAIL, fake.capture.everything())).toEqual([]);
});

test('a crowd of conversations: every client gets its own answer', async () => {
  const fake = await provider();
  const d = await daemon(fake);
  const answers = await Promise.all(
    Array.from({ length: 60 }, async (_, i) => {
      const c = await d.connect();
      const said: string[] = [];
      for (const turn of [1, 2]) {
        await c.write(ask(`turn ${turn} for user-${i}.${EMAIL}`));
        const reply = await c.reply();
        const text = reply.body.toString();
        expect({ status: reply.status, complete: reply.complete, error: reply.status === 200 ? '' : text }).toEqual({
          status: 200,
          complete: true,
          error: '',
        });
        said.push(readAnthropicEvents(parseEvents(text).map((e) => e.json)).text);
      }
      c.end();
      return said;
    }),
  );
  answers.forEach((said, i) => {
    expect(said).toEqual([1, 2].map((turn) => `ECHO<turn ${turn} for user-${i}.${EMAIL}> END`));
  });
  expect(leaksOf(EMAIL, fake.capture.everything())).toEqual([]);
  expect(d.output()).not.toMatch(/error|warn/);
});
