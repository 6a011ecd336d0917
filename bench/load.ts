// The load, in a process of its own: one job, given as JSON in the first argument, answered as one line of JSON on stdout.
// Must not know whose proxy it drives.
import { startConversation } from './conversation.ts';
import { exchange, openConnection, requestBytes, type Target } from './wire.ts';

/** A job and its size. `hold` prints `{"open":N}` when every stream has begun, and its result when all have ended. */
export type Job =
  | { readonly kind: 'get'; readonly seconds: number; readonly connections: number }
  | { readonly kind: 'post'; readonly seconds: number; readonly connections: number; readonly bytes: number }
  | { readonly kind: 'tunnels'; readonly seconds: number; readonly connections: number }
  | { readonly kind: 'sse'; readonly streams: number; readonly events: number; readonly gapMs: number }
  | { readonly kind: 'hold'; readonly streams: number; readonly events: number; readonly gapMs: number }
  | { readonly kind: 'firstToken'; readonly bytes: number; readonly turns: number };

/** Rate per second, and the distribution in ms of what the job times. `bad` counts replies that were not 200. */
export interface Outcome {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly bad: number;
}

const { target, job } = JSON.parse(process.argv[2] ?? '') as { target: Target; job: Job };

const outcome = await run();
console.log(JSON.stringify(outcome));
process.exit(0);

async function run(): Promise<Outcome> {
  switch (job.kind) {
    case 'get':
      return repeatFor(job, await keptAlive(requestBytes(target, 'GET', '/v1/models', undefined)));
    case 'post':
      return repeatFor(job, await keptAlive(requestBytes(target, 'POST', '/v1/messages', startConversation(job.bytes).body())));
    case 'tunnels':
      return repeatFor(job, newTunnels(requestBytes(target, 'GET', '/v1/models', undefined, 'close')));
    case 'sse':
    case 'hold':
      return streams(job);
    case 'firstToken':
      return firstToken(job.bytes, job.turns);
  }
}

/** A worker does one exchange and gives its status. */
type Worker = () => Promise<number>;

async function keptAlive(request: Buffer): Promise<() => Promise<Worker>> {
  return async () => {
    const socket = await openConnection(target);
    return async () => (await exchange(socket, request)).status;
  };
}

function newTunnels(request: Buffer): () => Promise<Worker> {
  return async () => async () => {
    const socket = await openConnection(target);
    const { status } = await exchange(socket, request);
    socket.destroy();
    return status;
  };
}

async function repeatFor(size: { seconds: number; connections: number }, makeWorker: () => Promise<Worker>): Promise<Outcome> {
  const workers = await Promise.all(Array.from({ length: size.connections }, makeWorker));
  await Promise.all(workers.map((work) => work()));
  const times: number[] = [];
  let bad = 0;
  const startedMs = performance.now();
  const untilMs = startedMs + size.seconds * 1000;
  const loop = async (work: Worker) => {
    for (let at = performance.now(); at < untilMs; ) {
      if ((await work()) !== 200) bad++;
      const now = performance.now();
      times.push(now - at);
      at = now;
    }
  };
  await Promise.all(workers.map(loop));
  return { perSecond: times.length / ((performance.now() - startedMs) / 1000), ...distribution(times), bad };
}

async function streams(size: { kind: string; streams: number; events: number; gapMs: number }): Promise<Outcome> {
  const delays: number[] = [];
  let events = 0;
  let open = 0;
  let bad = 0;
  const path = `/v1/messages?events=${size.events}&gap=${size.gapMs}`;
  const request = requestBytes(target, 'POST', path, startConversation(1000).body());
  const one = async () => {
    const socket = await openConnection(target);
    let text = '';
    let begun = false;
    const { status } = await exchange(socket, request, (part) => {
      const nowNs = process.hrtime.bigint();
      if (!begun && ++open === size.streams && size.kind === 'hold') console.log(JSON.stringify({ open }));
      begun = true;
      text += part.toString('latin1');
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const sentNs = /"t":(\d+)/.exec(text.slice(0, end))?.[1];
        text = text.slice(end + 2);
        if (!sentNs) continue;
        events++;
        // While streams are still being opened, handshakes are what is measured.
        if (open === size.streams) delays.push(Number(nowNs - BigInt(sentNs)) / 1e6);
      }
    });
    if (status !== 200) bad++;
    socket.destroy();
  };
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: size.streams }, one));
  if (events !== size.streams * size.events) bad++;
  return { perSecond: events / ((performance.now() - startedMs) / 1000), ...distribution(delays), bad };
}

async function firstToken(bytes: number, turns: number): Promise<Outcome> {
  const conversation = startConversation(bytes);
  const socket = await openConnection(target);
  const times: number[] = [];
  let bad = 0;
  for (let turn = 0; turn <= turns; turn++) {
    const { status, firstMs } = await exchange(socket, requestBytes(target, 'POST', '/v1/messages?events=1', conversation.body()));
    if (status !== 200) bad++;
    // The first turn of a conversation is new to everyone; what counts is the next.
    if (turn > 0) times.push(firstMs);
    conversation.grow();
  }
  return { perSecond: 0, ...distribution(times), bad };
}

function distribution(times: number[]): { p50: number; p99: number } {
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}
