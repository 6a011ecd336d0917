// Checklist H97, H98: in a crowd every client gets its own answer, whole, restored with its own values. SALLYPORT_LOAD=full makes it
// five hundred answers and a thousand streams.
import { expect, onTestFinished, test } from 'vitest';
import { makeTestAuthority } from '../support/certificates.ts';
import { type Client, connectTlsTunnel } from '../support/client.ts';
import { type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { callH2, startH2 } from '../support/h2-client.ts';
import { startH2Origin } from '../support/h2-origin.ts';
import { chunk, headBytes, replyBytes, requestBytes } from '../support/http1.ts';
import { type OriginConnection, startOrigin } from '../support/origin.ts';
import { daemonPid, descriptorsOf, memoryOf } from '../support/process-facts.ts';
import { until } from '../support/scripted.ts';

const FULL = process.env.SALLYPORT_LOAD === 'full';
const HOST = 'api.anthropic.com';
const JSON_TYPE = ['Content-Type', 'application/json'];
const MB = 1 << 20;

/** A value that is masked on its way out; nobody else has it. */
const own = (i: number) => `client-${i}@mail${i}.example.org`;

async function start(origin: { readonly host: string; readonly port: number; close(): Promise<void> }, ca: string): Promise<DaemonProcess> {
  onTestFinished(() => origin.close());
  const daemon = await startDaemonProcess({ upstream: origin, upstreamCa: ca });
  onTestFinished(async () => void (await daemon.stop('SIGKILL')));
  return daemon;
}

async function connect(daemon: DaemonProcess, alpn = 'http/1.1', waitMs = 60_000): Promise<Client> {
  const client = await connectTlsTunnel(daemon, `${HOST}:443`, { ca: daemon.ca, alpn: [alpn], waitMs });
  onTestFinished(() => client.destroy());
  return client;
}

/** Runs `act` for 0 … count-1, at most `width` of them at a time. */
async function inParallel<T>(count: number, width: number, act: (i: number) => Promise<T>): Promise<T[]> {
  const out: T[] = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: Math.min(width, count) }, async () => {
      for (let i = next++; i < count; i = next++) out[i] = await act(i);
    }),
  );
  return out;
}

/** The answer repeats what was asked, so that a mix-up shows; large enough to come in several pieces. */
const answerTo = (body: string) => JSON.stringify({ echo: body, filler: 'f'.repeat(20_000) });

test('parallel answers are never mixed, HTTP/1.1', async () => {
  const count = FULL ? 500 : 120;
  const authority = makeTestAuthority();
  const origin = await startOrigin({
    authority,
    alpn: ['http/1.1'],
    keep: false,
    waitMs: 60_000,
    play: async (c) => {
      for (let q = await c.request(); q; q = await c.request()) await c.write(replyBytes('200 OK', JSON_TYPE, answerTo(q.body.toString())));
    },
  });
  const daemon = await start(origin, authority.pem);
  const clients = await inParallel(count, 20, () => connect(daemon));
  for (const turn of [1, 2]) {
    const replies = await Promise.all(
      clients.map((client, i) =>
        client.request(`POST /v1/messages?turn=${turn}`, ['Host', HOST, ...JSON_TYPE], JSON.stringify({ i, turn, to: own(i) })),
      ),
    );
    replies.forEach((reply, i) => {
      expect(reply.body.toString()).toBe(answerTo(JSON.stringify({ i, turn, to: own(i) })));
    });
  }
  const seen = origin.connections.flatMap((c) => c.requests.map((q) => q.body.toString()));
  expect(seen).toHaveLength(2 * count);
  expect(seen.filter((body) => body.includes('@mail'))).toEqual([]);
});

test('parallel answers are never mixed, HTTP/2', async () => {
  const count = FULL ? 500 : 150;
  const authority = makeTestAuthority();
  const origin = await startH2Origin({
    authority,
    play: async (call) => {
      const body = (await call.body).toString();
      call.stream.respond({ ':status': 200, 'content-type': 'application/json' });
      call.stream.end(answerTo(body));
    },
  });
  const daemon = await start(origin, authority.pem);
  const sessions = await Promise.all(Array.from({ length: 5 }, async () => startH2(await connect(daemon, 'h2'))));
  const head = { ':method': 'POST', ':path': '/v1/messages', ':scheme': 'https', ':authority': HOST, 'content-type': 'application/json' };
  const replies = await Promise.all(
    Array.from({ length: count }, (_, i) => callH2(sessions[i % sessions.length]!, head, JSON.stringify({ i, to: own(i) }))),
  );
  replies.forEach((reply, i) => {
    expect([reply.status, reply.body.toString()]).toEqual([200, answerTo(JSON.stringify({ i, to: own(i) }))]);
  });
  expect(origin.calls).toHaveLength(count);
});

test('streams in a crowd are whole, and what they took is given back', async () => {
  const count = FULL ? 1000 : 150;
  const lastsMs = FULL ? 5000 : 600;
  const events = 20;
  const authority = makeTestAuthority();
  const origin = await startOrigin({
    authority,
    alpn: ['http/1.1'],
    keep: false,
    waitMs: 60_000,
    play: async (c) => {
      for (let q = await c.request(); q; q = await c.request()) {
        await c.write(headBytes('HTTP/1.1 200 OK', ['Content-Type', 'text/event-stream', 'Transfer-Encoding', 'chunked']));
        const { to } = JSON.parse(q.body.toString());
        for (let n = 0; n < events; n++) {
          await c.write(chunk(`data: {"n":${n},"to":"${to}"}\n\n`));
          await new Promise((resolve) => setTimeout(resolve, lastsMs / events));
        }
        await c.write(chunk(''));
      }
    },
  });
  const daemon = await start(origin, authority.pem);
  const pid = daemonPid(daemon.home);
  const clients = await inParallel(count, 20, () => connect(daemon));
  const before = memoryOf(pid);
  const beganAt = performance.now();
  await Promise.all(
    clients.map(async (client, i) => {
      const reply = await client.request('POST /v1/messages', ['Host', HOST, ...JSON_TYPE], JSON.stringify({ stream: true, to: own(i) }));
      const wanted = Array.from({ length: events }, (_, n) => `data: {"n":${n},"to":"${own(i)}"}\n\n`).join('');
      expect([reply.complete, reply.body.toString()]).toEqual([true, wanted]);
      client.destroy();
    }),
  );
  const after = memoryOf(pid);
  if (before && after) {
    if (FULL)
      console.log(
        `${count} streams: ${Math.round(performance.now() - beganAt)} ms, grew by ${Math.round((after.most - before.now) / MB)} MB`,
      );
    expect(after.most - before.now).toBeLessThan(150 * MB);
    const idle = 60;
    await until(() => descriptorsOf(pid)! < idle, 'descriptors return', 15_000);
  }
});

test('requests on one connection after the other: descriptors return', async () => {
  const authority = makeTestAuthority();
  const origin = await startOrigin({
    authority,
    alpn: ['http/1.1'],
    keep: false,
    play: async (c) => {
      for (let q = await c.request(); q; q = await c.request()) await c.write(replyBytes('200 OK', [], 'ok'));
    },
  });
  const daemon = await start(origin, authority.pem);
  const pid = daemonPid(daemon.home);
  const one = async (i: number) => {
    const client = await connect(daemon);
    await client.write(requestBytes('GET /v1/models', ['Host', HOST]));
    if (i % 3 !== 0) await client.reply();
    [() => client.end(), () => client.reset(), () => client.destroy()][i % 3]!();
    await client.over;
  };
  await inParallel(20, 5, one);
  const before = descriptorsOf(pid);
  await inParallel(FULL ? 1000 : 150, 10, one);
  if (before !== undefined) await until(() => descriptorsOf(pid)! <= before + 2, 'descriptors return', 15_000);
});

// A reset on the heels of the handshake and the request: writing eats the error, reading then shows a clean end, and what was written never
// finishes (Node 26). Such a connection was kept for as long as a client may be silent, ten minutes.
test.each([
  ['a small reply', 100],
  ['a large one', 4 * MB],
])('a reset right behind the request, %s: descriptors return', async (_name, bytes) => {
  const authority = makeTestAuthority();
  const play = async (c: OriginConnection) => {
    if (await c.request()) await c.write(replyBytes('200 OK', [], 'x'.repeat(bytes)));
  };
  const daemon = await start(await startOrigin({ authority, alpn: ['http/1.1'], play }), authority.pem);
  const pid = daemonPid(daemon.home);
  (await connect(daemon)).destroy();
  const before = descriptorsOf(pid);
  for (let round = 0; round < 3; round++) {
    await inParallel(20, 20, async () => {
      const client = await connect(daemon);
      await client.write(requestBytes('GET /v1/models', ['Host', HOST]));
      await new Promise((resolve) => setTimeout(resolve, 2));
      client.reset();
    });
  }
  if (before !== undefined) await until(() => descriptorsOf(pid)! <= before + 2, 'descriptors return', 15_000);
});
