// Checklist I114, I115: floods of cheap frames end the connection they come on, or are borne; another client hardly notices, and the
// daemon does not grow.
import { expect, onTestFinished, test } from 'vitest';
import { makeTestAuthority } from '../support/certificates.ts';
import { type Client, connectTlsTunnel } from '../support/client.ts';
import { type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { callH2, startH2 } from '../support/h2-client.ts';
import { FLAG, FRAME, h2Frame, headerBlock, headersFrame, openingBytes } from '../support/h2-frames.ts';
import { startH2Origin } from '../support/h2-origin.ts';
import { daemonPid, memoryOf } from '../support/process-facts.ts';

const HOST = 'api.openai.com';
const MB = 1 << 20;
const PSEUDO = [':method', 'GET', ':scheme', 'https', ':authority', HOST, ':path', '/v1/flood'];
const POST = [':method', 'POST', ':scheme', 'https', ':authority', HOST, ':path', '/v1/flood', 'content-type', 'image/png'];
const GET = { ':method': 'GET', ':scheme': 'https', ':authority': HOST, ':path': '/v1/models' };
const u32 = (n: number) => {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(n);
  return out;
};
const times = (n: number, frame: (i: number) => Buffer) => Buffer.concat(Array.from({ length: n }, (_, i) => frame(i)));

/** The bytes behind the preface; a flood goes on in batches for as long as the connection takes them. */
const FLOODS: Readonly<Record<string, (batch: number) => Buffer>> = {
  'rapid reset': (b) =>
    times(1000, (i) => {
      const id = 2 * (b * 1000 + i) + 1;
      return Buffer.concat([headersFrame(id, PSEUDO, true), h2Frame(FRAME.rst, 0, id, u32(8))]);
    }),
  'rapid reset of uploads': (b) =>
    times(1000, (i) => {
      const id = 2 * (b * 1000 + i) + 1;
      return Buffer.concat([
        headersFrame(id, POST, false),
        h2Frame(FRAME.data, 0, id, Buffer.from('x')),
        h2Frame(FRAME.rst, 0, id, u32(8)),
      ]);
    }),
  'requests that break the rules, reset by us': (b) =>
    times(1000, (i) => headersFrame(2 * (b * 1000 + i) + 1, [...PSEUDO, 'connection', 'x'], true)),
  CONTINUATION: (b) =>
    Buffer.concat([
      b === 0 ? h2Frame(FRAME.headers, FLAG.endStream, 1, headerBlock(PSEUDO)) : Buffer.alloc(0),
      times(2000, () => h2Frame(FRAME.continuation, 0, 1, headerBlock(['x-a', 'b'.repeat(100)]))),
    ]),
  'empty CONTINUATION': (b) =>
    Buffer.concat([
      b === 0 ? h2Frame(FRAME.headers, FLAG.endStream, 1, headerBlock(PSEUDO)) : Buffer.alloc(0),
      times(5000, () => h2Frame(FRAME.continuation, 0, 1)),
    ]),
  SETTINGS: () => times(5000, () => h2Frame(FRAME.settings, 0, 0, Buffer.from([0, 3, 0, 0, 0, 100]))),
  PING: () => times(5000, () => h2Frame(FRAME.ping, 0, 0, Buffer.alloc(8))),
  'empty DATA': (b) =>
    Buffer.concat([b === 0 ? headersFrame(1, POST, false) : Buffer.alloc(0), times(5000, () => h2Frame(FRAME.data, 0, 1))]),
  WINDOW_UPDATE: (b) =>
    Buffer.concat([b === 0 ? headersFrame(1, POST, false) : Buffer.alloc(0), times(5000, () => h2Frame(FRAME.window, 0, 1, u32(1)))]),
  PRIORITY: () => times(5000, (i) => h2Frame(FRAME.priority, 0, 2 * i + 1, Buffer.from([0, 0, 0, 0, 15]))),
  'frames nobody knows': () => times(5000, () => h2Frame(0xbe, 0, 0, Buffer.alloc(8))),
  'header bombs': (b) =>
    // A large field into the dynamic table, then many references to it.
    times(50, (i) => {
      const id = 2 * (b * 50 + i) + 1;
      const large =
        i === 0 && b === 0 ? Buffer.concat([Buffer.from([0x40]), headerBlock(['x-large', 'y'.repeat(3900)]).subarray(1)]) : Buffer.alloc(0);
      return h2Frame(
        FRAME.headers,
        FLAG.endHeaders | FLAG.endStream,
        id,
        Buffer.concat([headerBlock(PSEUDO), large, Buffer.alloc(3000, 0xbe)]),
      );
    }),
};

async function start() {
  const authority = makeTestAuthority();
  const origin = await startH2Origin({
    authority,
    server: { maxSessionRejectedStreams: 1_000_000, streamResetBurst: 1_000_000, streamResetRate: 1_000_000 },
    play: (call) => {
      if (call.stream.destroyed || call.headers.includes('/v1/flood')) return;
      call.stream.respond({ ':status': 200 });
      call.stream.end('good');
    },
  });
  onTestFinished(() => origin.close());
  const daemon = await startDaemonProcess({ upstream: origin, upstreamCa: authority.pem });
  onTestFinished(async () => void (await daemon.stop('SIGKILL')));
  return daemon;
}

async function connect(daemon: DaemonProcess): Promise<Client> {
  const client = await connectTlsTunnel(daemon, `${HOST}:443`, { ca: daemon.ca, alpn: ['h2'], keep: false });
  onTestFinished(() => client.destroy());
  return client;
}

/** Writes batches for a while or until the connection goes; what comes back is read and thrown away. */
async function flood(client: Client, batchOf: (batch: number) => Buffer): Promise<void> {
  await client.write(openingBytes());
  const end = performance.now() + 700;
  for (let b = 0; b < 40 && performance.now() < end && !client.stream.destroyed; b++) {
    await Promise.race([client.write(batchOf(b)), client.over]);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test.each(Object.keys(FLOODS))('%s', async (name) => {
  const daemon = await start();
  const pid = daemonPid(daemon.home);
  const good = await startH2(await connect(daemon));
  expect((await callH2(good, GET)).body.toString()).toBe('good');
  const before = memoryOf(pid);
  let flooding = true;
  let worst = 0;
  let served = 0;
  const asking = (async () => {
    // A connection that is ended at once floods nobody for long: then the next requests count.
    while (flooding || served < 3) {
      const began = performance.now();
      expect((await callH2(good, GET)).body.toString()).toBe('good');
      worst = Math.max(worst, performance.now() - began);
      served++;
    }
  })();
  const client = await connect(daemon);
  await flood(client, FLOODS[name]!).finally(() => {
    flooding = false;
  });
  await asking;
  expect(worst).toBeLessThan(2000);
  client.destroy();
  const after = memoryOf(pid);
  if (before && after) expect(after.most - before.now).toBeLessThan(96 * MB);
  expect((await callH2(good, GET)).body.toString()).toBe('good');
  expect(daemon.child.exitCode).toBeNull();
  if (process.env.SALLYPORT_LOAD === 'full')
    console.log(name, { worst: Math.round(worst), served, grew: after && before && Math.round((after.most - before.now) / MB) });
});
