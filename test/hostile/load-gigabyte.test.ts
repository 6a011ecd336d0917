// Checklist G87: a very long body passes both ways and the daemon does not grow with it. SALLYPORT_LOAD=full makes it a gigabyte
// each way.
import { createHash, type Hash } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { makeTestAuthority } from '../support/certificates.ts';
import { type Client, connectTlsTunnel } from '../support/client.ts';
import { startDaemonProcess } from '../support/daemon-process.ts';
import { chunk, headBytes, replyBytes, requestBytes } from '../support/http1.ts';
import { startOrigin } from '../support/origin.ts';
import { daemonPid, memoryOf } from '../support/process-facts.ts';
import { EMAIL } from '../support/samples.ts';

const MB = 1 << 20;
const TOTAL = (process.env.SALLYPORT_LOAD === 'full' ? 1024 : 192) * MB;
const GROWTH = 64 * MB;
const HOST = 'api.anthropic.com';
const PIECE = Buffer.alloc(MB, 'data: an event of sixty-four bytes, over and over, for a body.\n\n');

async function pour(write: (bytes: Uint8Array) => Promise<void>, piece: Uint8Array, hash: Hash): Promise<void> {
  for (let i = 0; i < TOTAL / MB; i++) {
    await write(piece);
    hash.update(piece);
  }
}

async function drain(some: () => Promise<Buffer>, bytes: number, hash: Hash): Promise<number> {
  let got = 0;
  while (got < bytes) {
    const piece = await some();
    if (piece.length === 0) break;
    hash.update(piece);
    got += piece.length;
  }
  return got;
}

async function start() {
  const authority = makeTestAuthority();
  const [sent, got] = [createHash('sha1'), createHash('sha1')];
  const origin = await startOrigin({
    authority,
    alpn: ['http/1.1'],
    keep: false,
    play: async (c) => {
      const head = (await c.reader.until('\r\n\r\n'))!.toString();
      if (head.startsWith('GET')) {
        const event = head.includes('/events');
        await c.write(
          headBytes('HTTP/1.1 200 OK', ['Content-Type', event ? 'text/event-stream' : 'image/png', 'Transfer-Encoding', 'chunked']),
        );
        await pour((bytes) => c.write(chunk(bytes)), PIECE, sent);
        await c.write(chunk(''));
      } else if (head.includes('/mask')) {
        await c.reader.until('}');
        await c.write(replyBytes('200 OK'));
      } else {
        await drain(() => c.reader.some(), TOTAL, got);
        await c.write(replyBytes('200 OK'));
      }
    },
  });
  onTestFinished(() => origin.close());
  const daemon = await startDaemonProcess({ upstream: origin, upstreamCa: authority.pem });
  onTestFinished(async () => void (await daemon.stop('SIGKILL')));
  const connect = async (): Promise<Client> => {
    const c = await connectTlsTunnel(daemon, `${HOST}:443`, { ca: daemon.ca, alpn: ['http/1.1'], keep: false });
    onTestFinished(() => c.destroy());
    return c;
  };
  const warm = await connect();
  await warm.request('POST /mask', ['Host', HOST, 'Content-Type', 'application/json'], JSON.stringify({ to: EMAIL }));
  return { daemon, connect, sent, got, pid: daemonPid(daemon.home) };
}

function expectFlat(before: ReturnType<typeof memoryOf>, after: ReturnType<typeof memoryOf>, what: string, beganAt: number): void {
  if (!before || !after) return;
  if (process.env.SALLYPORT_LOAD === 'full') {
    const rate = TOTAL / MB / ((performance.now() - beganAt) / 1000);
    console.log(`${what}: ${rate.toFixed(0)} MB/s, grew by ${((after.most - before.now) / MB).toFixed(0)} MB`);
  }
  expect(after.most - before.now).toBeLessThan(GROWTH);
}

test.each(['/picture', '/events'])('down, %s', async (path) => {
  const { connect, sent, pid } = await start();
  const client = await connect();
  const before = memoryOf(pid);
  const beganAt = performance.now();
  await client.write(requestBytes(`GET ${path}`, ['Host', HOST]));
  const { body } = await client.openReply();
  const hash = createHash('sha1');
  expect(await drain(() => body.some(), TOTAL + 1, hash)).toBe(TOTAL);
  expect(body.ending).toEqual({ how: 'end' });
  expectFlat(before, memoryOf(pid), `down ${path}`, beganAt);
  expect(hash.digest('hex')).toBe(sent.digest('hex'));
});

test('up', async () => {
  const { connect, got, pid } = await start();
  const client = await connect();
  const before = memoryOf(pid);
  const beganAt = performance.now();
  await client.write(headBytes('POST /picture HTTP/1.1', ['Host', HOST, 'Content-Type', 'image/png', 'Content-Length', `${TOTAL}`]));
  const hash = createHash('sha1');
  await pour(client.write, PIECE, hash);
  expect((await client.reply()).status).toBe(200);
  expect(got.digest('hex')).toBe(hash.digest('hex'));
  expectFlat(before, memoryOf(pid), 'up', beganAt);
});
