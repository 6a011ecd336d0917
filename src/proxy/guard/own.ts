// A guardrail of the user's own, in a worker of its own: whatever it does, the proxy goes on. It is asked with a deadline; one that hangs,
// ends, throws, fills its memory or answers nonsense has failed, and is started anew. It must not know what failing means.
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import type { UserGuardrailSettings } from '../../rules/guardrail-settings.ts';

/** What a module is asked: nothing the client proves itself with, and texts after masking. */
export interface Asked {
  readonly stage: 'body';
  readonly provider: string;
  readonly endpoint: string;
  readonly host: string;
  readonly segments: readonly { readonly provenance: string; readonly tool: string | undefined; readonly text: string }[];
}

/** What a module may answer. */
export type OwnVerdict = z.output<typeof verdict>;

/** The running guardrail. */
export interface OwnGuardrail {
  readonly settings: UserGuardrailSettings;
  /** Rejects with an Error that says how it failed, in words of ours. */
  ask(asked: Asked): Promise<OwnVerdict>;
  /** Ends as soon as nobody waits for an answer. */
  retire(): void;
}

const verdict = z.object({ action: z.enum(['pass', 'warn', 'deny']), reason: z.string().max(1000).optional() });
const LOAD_MS = 10_000;
const MEMORY_MB = 128;

/** Runs in the worker, which Node compiles anew: types are none of its business. */
const PROGRAM = `
const { parentPort, workerData } = require('node:worker_threads');
import(workerData).then(({ default: judge }) => {
  if (typeof judge !== 'function') throw new Error('no function');
  parentPort.on('message', async ({ id, asked }) => {
    try {
      parentPort.postMessage({ id, said: await judge(asked) });
    } catch {
      parentPort.postMessage({ id });
    }
  });
  parentPort.postMessage('ready');
});
`;

interface Running {
  readonly worker: Worker;
  readonly ready: Promise<void>;
  readonly waiting: Map<number, (said: unknown) => void>;
  readonly failed: Promise<never>;
}

/** Starts the module. A module that cannot be loaded is told of by the first `ask`. */
export function openOwnGuardrail(settings: UserGuardrailSettings): OwnGuardrail {
  let running: Running | undefined;
  let serial = 0;
  let asking = 0;
  let isRetired = false;

  const stop = (which: Running | undefined) => {
    if (running === which) running = undefined;
    void which?.worker.terminate();
  };
  running = start(settings.module);

  return {
    settings,
    async ask(asked) {
      running ??= start(settings.module);
      const mine = running;
      asking++;
      try {
        await within(LOAD_MS, 'it does not load in time', [mine.ready, mine.failed]);
        const { promise, resolve } = Promise.withResolvers<unknown>();
        const id = ++serial;
        mine.waiting.set(id, resolve);
        mine.worker.postMessage({ id, asked });
        const said = verdict.safeParse(await within(settings.deadlineMs, 'it does not answer in time', [promise, mine.failed]));
        if (!said.success) throw new Error('it answers nonsense');
        return said.data;
      } catch (thrown) {
        stop(mine);
        throw thrown;
      } finally {
        asking--;
        if (isRetired && asking === 0) stop(running);
      }
    },
    retire() {
      isRetired = true;
      if (asking === 0) stop(running);
    },
  };
}

function start(module: string): Running {
  const worker = new Worker(PROGRAM, {
    eval: true,
    workerData: pathToFileURL(module).href,
    // The daemon's environment may hold keys.
    env: {},
    stdin: false,
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 },
  });
  worker.unref();
  worker.stdout.resume();
  worker.stderr.resume();
  const waiting = new Map<number, (said: unknown) => void>();
  const ready = Promise.withResolvers<void>();
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});
  worker.on('message', (message: 'ready' | { readonly id: number; readonly said?: unknown }) => {
    if (message === 'ready') return ready.resolve();
    waiting.get(message.id)?.(message.said);
    waiting.delete(message.id);
  });
  worker.on('error', () => failed.reject(new Error('it failed')));
  worker.on('exit', () => failed.reject(new Error('it ended')));
  return { worker, ready: ready.promise, waiting, failed: failed.promise };
}

async function within<T>(ms: number, late: string, racers: readonly Promise<T>[]): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(late)), ms);
  try {
    return await Promise.race([...racers, promise]);
  } finally {
    clearTimeout(timer);
  }
}
