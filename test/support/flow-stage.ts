// A provider that can be told how it answers, behind a proxy whose clock stands still until a test moves it. Each answer is one line of a
// script; what reached it is counted by model. Knows nothing of the machines.
import type { Limits } from '../../src/proxy/control/messages.ts';
import type { ResilienceWords } from '../../src/rules/resilience/flow-settings.ts';
import type { StateKeeper } from '../../src/rules/resilience/kept-state.ts';
import type { Client } from './client.ts';
import { replyBytes, type WireReply, type WireRequest } from './http1.ts';
import { manualClock } from './manual-clock.ts';
import type { OriginConnection } from './origin.ts';
import { type Scripted, startScripted } from './scripted.ts';

export const PROVIDER = 'api.anthropic.com';

/** What the provider does with one request: bytes, a cut, or something of its own. */
export type Play = (request: WireRequest, connection: OriginConnection) => Promise<Buffer | undefined> | Buffer | undefined;

/** A JSON reply of the provider. */
export function said(status: number, body: unknown = {}, headers: readonly string[] = []): Buffer {
  return replyBytes(`${status} Said`, ['Content-Type', 'application/json', ...headers], JSON.stringify(body));
}

export const OK = said(200, { id: 'msg_1', usage: { input_tokens: 12, output_tokens: 3 } });

export interface FlowStage {
  readonly scene: Scripted;
  readonly clock: ReturnType<typeof manualClock>;
  /** Requests that reached the provider, in order. */
  readonly reached: WireRequest[];
  /** How it answers from now on. */
  play: Play;
  /** One message call on a connection of its own. */
  post(options?: PostOptions): Promise<WireReply>;
  /** The same without waiting for its answer. */
  open(options?: PostOptions): Promise<Client>;
  readonly counts: () => Readonly<Record<string, number>>;
  readonly rows: () => Limits['rows'];
}

export interface PostOptions {
  readonly model?: string;
  readonly text?: string;
  readonly key?: string;
  readonly headers?: readonly string[];
  readonly path?: string;
}

export interface StageOptions {
  readonly resilience?: ResilienceWords;
  readonly keeper?: StateKeeper;
  readonly idleMs?: number;
  readonly startMs?: number;
}

/** Starts both; they end with the test. */
export async function startFlowStage({
  resilience = { mode: 'enforce' },
  keeper,
  idleMs,
  startMs = Date.now(),
}: StageOptions = {}): Promise<FlowStage> {
  const clock = manualClock(startMs);
  const reached: WireRequest[] = [];
  const scene = await startScripted(
    async (connection) => {
      for (let request = await connection.request(); request; request = await connection.request()) {
        reached.push(request);
        const bytes = await stage.play(request, connection);
        if (bytes) await connection.write(bytes);
      }
    },
    {
      daemon: {
        settings: { resilience },
        now: clock.now,
        after: (ms, act) => clock.schedule(act, ms),
        random: () => 0.5,
        ...(keeper && { stateKeeper: keeper }),
        ...(idleMs !== undefined && { limits: { idleMs } }),
      },
    },
  );
  const open = async ({
    model = 'claude-sonnet-4-5',
    text = 'hello',
    key = 'key-1',
    headers = [],
    path = '/v1/messages',
  }: PostOptions = {}) => {
    // Two hundred at once have to share the machine.
    const client = await scene.connect({ host: PROVIDER, waitMs: 60_000 });
    const body = JSON.stringify({ model, max_tokens: 9, tools: [], messages: [{ role: 'user', content: text }] });
    const fields = [
      'Host',
      PROVIDER,
      'Content-Type',
      'application/json',
      'X-Api-Key',
      key,
      ...headers,
      'Content-Length',
      String(body.length),
    ];
    const pairs = Array.from({ length: fields.length / 2 }, (_, i) => `${fields[2 * i]}: ${fields[2 * i + 1]}\r\n`).join('');
    await client.write(`POST ${path} HTTP/1.1\r\n${pairs}\r\n${body}`);
    return client;
  };
  const stage: FlowStage = {
    scene,
    clock,
    reached,
    play: () => OK,
    open,
    post: async (options) => {
      const client = await open(options);
      return client.reply('POST').finally(() => client.destroy());
    },
    counts: () => scene.daemon.proxy.limits().counts,
    rows: () => scene.daemon.proxy.limits().rows,
  };
  return stage;
}

/** Rows in memory, as a store keeps them. */
export function memoryKeeper(): StateKeeper & { readonly rows: Map<string, string> } {
  const rows = new Map<string, string>();
  return {
    rows,
    load: (wanted) =>
      [...rows]
        .map(([name, state]) => ({
          machine: name.split(' ')[0]!,
          key: name.slice(name.indexOf(' ') + 1),
          state: JSON.parse(state),
        }))
        .filter(({ machine }) => machine === wanted),
    put: ({ machine, key, state }) => void rows.set(`${machine} ${key}`, JSON.stringify(state)),
    drop: (machine, key) => void rows.delete(`${machine} ${key}`),
  };
}
