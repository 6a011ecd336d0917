// The stage of the hostile tests: one proxy in this process, an upstream behind an intercepted name and one in clear. Raw bytes go
// in by either door; out come the client's replies, what each upstream connection got, and whether other clients still get their own.
import { afterAll, beforeAll, expect } from 'vitest';
import type { Ending } from './byte-reader.ts';
import { makeTestAuthority } from './certificates.ts';
import { type Client, connectPlain, connectTlsTunnel } from './client.ts';
import { startTestDaemon, type TestDaemon, type TestDaemonOptions } from './daemon.ts';
import { headerOf, readRequest, replyBytes, type WireReply, type WireRequest } from './http1.ts';
import { type Origin, type OriginConnection, startOrigin } from './origin.ts';

/** How a request gets to us: inside an intercepted tunnel, or in absolute form on the proxy port. */
export type Door = 'tunnel' | 'clear';
export const DOORS: readonly Door[] = ['tunnel', 'clear'];

/** The intercepted name, and the one that is asked for by `http://`. */
export const VICTIM = 'victim.example.test';
export const CLEAR = 'clear.example.test';

const HOST: Readonly<Record<Door, string>> = { tunnel: VICTIM, clear: CLEAR };
const PREFIX: Readonly<Record<Door, string>> = { tunnel: '', clear: `http://${CLEAR}` };
/** Far below every limit that would end a hanging request, far above what an answer takes. */
const WAIT_MS = 6_000;

/** What became of the bytes of one case. */
export interface Seen {
  /** Whole replies, in order. */
  readonly replies: readonly WireReply[];
  /** Bytes behind the last reply that was asked for, where the connection has ended. */
  readonly rest: string;
  /** How our side ended the connection; undefined while it is still open. */
  readonly ending: Ending | undefined;
  /** Bytes that upstream connections got, latin1, one entry a connection that got any. */
  readonly upstream: readonly string[];
}

export interface StageOptions {
  readonly daemon?: TestDaemonOptions;
  /** Answers instead of the echo when it returns true. */
  readonly answer?: (c: OriginConnection, request: WireRequest) => boolean | Promise<boolean>;
  /** Bytes to answer with as soon as the head is there; undefined: when the request is whole. */
  readonly early?: (target: string) => string | undefined;
}

export interface Stage {
  readonly daemon: TestDaemon;
  /** Behind VICTIM, over TLS. */
  readonly secure: Origin;
  /** Behind CLEAR. */
  readonly clear: Origin;
  open(door: Door): Promise<Client>;
  /** The text with `{T}` (what stands before the path) and `{H}` (the host) filled in. */
  fill(door: Door, text: string): string;
  /** Sends `text` on a connection of its own and reads so many replies; with `Connection: close` also to the end. */
  send(door: Door, text: string, replies?: number): Promise<Seen>;
  /** A client that was there before the case, and a new one, each get the answer to their own question. */
  others(door: Door): Promise<void>;
}

/** Starts the stage before the tests of a file and takes it down behind them. */
export function hostileStage(options: StageOptions = {}): Stage {
  const stage = {} as { -readonly [K in keyof Stage]: Stage[K] };
  const authority = makeTestAuthority();
  const kept = new Map<Door, Client>();
  let questions = 0;

  beforeAll(async () => {
    const play = (c: OriginConnection) => converse(c, options);
    stage.secure = await startOrigin({ authority, alpn: ['http/1.1'], play });
    stage.clear = await startOrigin({ play });
    const { settings, ...more } = options.daemon ?? {};
    stage.daemon = await startTestDaemon({
      upstream: { [VICTIM]: stage.secure, [CLEAR]: stage.clear },
      upstreamCa: authority.pem,
      settings: { intercept: [VICTIM], ...settings },
      ...more,
    });
  });
  afterAll(async () => {
    for (const client of kept.values()) client.destroy();
    await stage.daemon.close();
    await stage.secure.close();
    await stage.clear.close();
  });

  stage.open = (door) =>
    door === 'clear'
      ? connectPlain(stage.daemon, { waitMs: WAIT_MS })
      : connectTlsTunnel(stage.daemon, `${VICTIM}:443`, { ca: stage.daemon.ca, alpn: ['http/1.1'], waitMs: WAIT_MS });
  stage.fill = (door, text) => text.replaceAll('{T}', PREFIX[door]).replaceAll('{H}', HOST[door]);
  stage.send = async (door, text, count = 1) => {
    const origins = [stage.secure, stage.clear];
    const before = origins.map((o) => o.connections.length);
    const client = await stage.open(door);
    const sent = stage.fill(door, text);
    void client.write(Buffer.from(sent, 'latin1'));
    const replies: WireReply[] = [];
    try {
      for (let i = 0; i < count; i++) replies.push(await client.reply(/^\s*([A-Z]+) /.exec(sent)?.[1]));
      const last = replies.at(-1);
      const closing = last && headerOf(last, 'connection')?.toLowerCase() === 'close';
      const rest = closing ? (await client.reader.rest()).toString('latin1') : '';
      const { ending } = client.reader;
      client.destroy();
      // Once the client has gone its upstream connections go too, and then what they got is all there will be.
      const opened = origins.flatMap((o, i) => o.connections.slice(before[i]));
      await Promise.all(opened.map((c) => c.reader.ended));
      const upstream = opened.map((c) => c.reader.received().toString('latin1')).filter((bytes) => bytes !== '');
      return { replies, rest, ending, upstream };
    } finally {
      client.destroy();
    }
  };
  const ask = async (door: Door, client: Client) => {
    const question = `/question-${++questions}`;
    const reply = await client.request(stage.fill(door, `GET {T}${question}`), ['Host', HOST[door]]);
    expect(reply.body.toString()).toBe(`GET ${question} `);
  };
  stage.others = async (door) => {
    let old = kept.get(door);
    if (!old) {
      old = await stage.open(door);
      kept.set(door, old);
    }
    await ask(door, old);
    const fresh = await stage.open(door);
    try {
      await ask(door, fresh);
    } finally {
      fresh.destroy();
    }
  };
  return stage;
}

/** Echoes method, target and body of each request until the connection ends. */
async function converse(c: OriginConnection, { answer, early }: StageOptions): Promise<void> {
  for (;;) {
    let answered = false;
    const q = await readRequest(c.reader, (head) => {
      const bytes = early?.(head.target);
      answered = bytes !== undefined;
      if (bytes !== undefined) void c.write(bytes);
    });
    if (!q?.complete) return;
    if (answered || (await answer?.(c, q))) continue;
    const reply = replyBytes('200 OK', [], `${q.method} ${q.target} ${q.body.toString('latin1')}`);
    await c.write(q.method === 'HEAD' ? reply.subarray(0, reply.indexOf('\r\n\r\n') + 4) : reply);
  }
}

/** Refused with `status` and closed, nothing of it forwarded, and nobody else the worse for it. */
export async function expectRefused(stage: Stage, door: Door, text: string, status = 400): Promise<Seen> {
  const seen = await stage.send(door, text);
  expect(seen.replies.map((r) => r.status)).toEqual([status]);
  expect(headerOf(seen.replies[0]!, 'connection')).toBe('close');
  expect(seen.rest).toBe('');
  expect(seen.upstream).toEqual([]);
  await stage.others(door);
  return seen;
}

/** Answered 200, and exactly one upstream connection got exactly `upstream` (`{H}` filled in). */
export async function expectPassed(stage: Stage, door: Door, text: string, upstream: string, replies = 1): Promise<Seen> {
  const seen = await stage.send(door, text, replies);
  expect(seen.replies.map((r) => r.status)).toEqual(Array(replies).fill(200));
  expect(seen.upstream).toEqual([stage.fill(door, upstream)]);
  await stage.others(door);
  return seen;
}
