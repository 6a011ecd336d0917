// The stage of the fidelity tests: an intercepted upstream and one in clear that keep the raw bytes of what they get and answer with
// raw bytes. Masking is on, and a placeholder is there to be looked for in every reply.
import fc from 'fast-check';
import { afterAll, beforeAll, expect } from 'vitest';
import { makeTestAuthority } from './certificates.ts';
import { type Client, connectTlsTunnel } from './client.ts';
import { startTestDaemon, type TestDaemon } from './daemon.ts';
import { headBytes, requestBytes } from './http1.ts';
import { type Origin, startOrigin } from './origin.ts';
import { EMAIL } from './samples.ts';

export const HOST = 'api.openai.com';
/** Asked for by `http://`. */
export const CLEAR = 'clear.example.test';
const OK = headBytes('HTTP/1.1 200 OK', ['Content-Length', '0']);

export interface FidelityStage {
  readonly daemon: TestDaemon;
  readonly origin: Origin;
  /** What upstream answers next, raw. */
  answer: Buffer;
  /** What upstream got of the last request, raw. */
  got: Buffer;
  connect(): Promise<Client>;
  /** Sends these bytes and gives what upstream got. */
  up(bytes: Buffer): Promise<Buffer>;
  /** Lets upstream answer with these bytes and gives what the client got. */
  down(bytes: Buffer, ending?: 'framed' | 'close', method?: string): Promise<Buffer>;
}

/** Starts it before the tests of a file and takes it down behind them. */
export function fidelityStage(): FidelityStage {
  const stage = { answer: OK, got: Buffer.alloc(0) } as { -readonly [K in keyof FidelityStage]: FidelityStage[K] };
  let clear: Origin;
  const play = async (c: Parameters<Parameters<typeof startOrigin>[0]['play']>[0]) => {
    let from = 0;
    for (let q = await c.request(); q; q = await c.request()) {
      stage.got = Buffer.from(c.reader.received().subarray(from));
      from += stage.got.length;
      await c.write(stage.answer);
      if (/^connection: close$/im.test(stage.answer.toString('latin1'))) c.end();
    }
  };

  beforeAll(async () => {
    const authority = makeTestAuthority();
    stage.origin = await startOrigin({ authority, alpn: ['http/1.1'], play, waitMs: 60_000 });
    clear = await startOrigin({ play, waitMs: 60_000 });
    stage.daemon = await startTestDaemon({ upstream: { [HOST]: stage.origin, [CLEAR]: clear }, upstreamCa: authority.pem });
    const client = await stage.connect();
    await client.request('POST /v1/responses', ['Host', HOST, 'Content-Type', 'application/json'], JSON.stringify({ input: EMAIL }));
    expect(stage.got.toString()).not.toContain(EMAIL);
    client.destroy();
  });
  afterAll(async () => {
    await stage.daemon.close();
    await stage.origin.close();
    await clear.close();
    expect([...stage.origin.failures, ...clear.failures]).toEqual([]);
  });

  stage.connect = () => connectTlsTunnel(stage.daemon, `${HOST}:443`, { ca: stage.daemon.ca, alpn: ['http/1.1'] });
  stage.up = async (bytes) => {
    stage.answer = OK;
    const client = await stage.connect();
    await client.write(bytes);
    expect((await client.reply()).status).toBe(200);
    client.destroy();
    return stage.got;
  };
  stage.down = async (bytes, ending = 'framed', method = 'GET') => {
    stage.answer = bytes;
    const client = await stage.connect();
    await client.write(requestBytes(`${method} /v1/x`, ['Host', HOST]));
    if (ending === 'close') await client.reader.rest();
    else await client.reader.exactly(bytes.length);
    const all = client.reader.received();
    client.destroy();
    return all;
  };
  return stage;
}

// Names that mean something to the hop or to the body are left to tests of their own.
const token = fc
  .stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,20}$/)
  .filter(
    (name) =>
      !/^(host|connection|keep-alive|te|trailer|transfer[-_.]?encoding|content[-_.]?length|content-type|content-encoding|expect|upgrade|proxy-.*|x-sallyport-.*|authorization|x-api-key)$/i.test(
        name,
      ) && !/^[^a-z0-9]*(?:transfer[^a-z0-9]*encoding|content[^a-z0-9]*length)[^a-z0-9]*$/i.test(name),
  );
const value = fc.stringMatching(/^[!-~\x80-\xff]([ -~\x80-\xff]{0,30}[!-~\x80-\xff])?$|^$/).filter((v) => !v.includes('@'));
/** Up to twelve fields of any name and value, flat. */
export const fields = fc.array(fc.tuple(token, value), { maxLength: 12 }).map((pairs) => pairs.flat());

/** Head bytes with these blanks behind the colons, in turn. */
export function head(line: string, pairs: readonly string[], blank: readonly string[] = [' ']): Buffer {
  let text = `${line}\r\n`;
  for (let i = 0; i < pairs.length; i += 2) text += `${pairs[i]}:${blank[(i / 2) % blank.length]}${pairs[i + 1]}\r\n`;
  return Buffer.from(`${text}\r\n`, 'latin1');
}
