// Requests that wait for their turn, a line for each key: those that somebody sits before go first, else who came first. Each has its own
// patience, each may leave. Whoever waits holds nothing but its place. It must not know what they wait for.
import { CLIENT_GONE } from '../../fault.ts';
import type { After } from '../refresh-flights.ts';

/** What comes of a look: it goes, or it may look again in `ms`. */
export type Look<T> = { readonly go: T } | { readonly waitMs: number };

/** One who would wait. */
export interface Waiter<T> {
  /** Asks again; what it gives is taken when it may go. */
  readonly look: () => Look<T>;
  /** Nobody sits before it. */
  readonly isBackground: boolean;
  readonly patienceMs: number;
  readonly signal: AbortSignal;
  /** The reason to give up, with what the last look said. */
  readonly refusal: (waitMs: number) => Error;
}

/** All lines. */
export interface FlowQueue<T> {
  /** Resolves when it may go; rejects with its refusal at the end of its patience or when `depth` others wait, and with Fault client-gone. */
  wait(key: string, depth: number, waiter: Waiter<T>, waitMs: number): Promise<T>;
  /** Whether one that comes now has to stand behind others. */
  isBehind(key: string, isBackground: boolean): boolean;
  /** Something has changed: the first of the line looks again. */
  wake(key: string): void;
  /** The same for every line. */
  wakeAll(): void;
  waiting(key: string): number;
}

interface Standing<T> extends Waiter<T> {
  resolve(pass: T): void;
  reject(reason: Error): void;
  waitMs: number;
}

interface Row<T> {
  readonly standing: Standing<T>[];
  cancel: () => void;
}

/** Who goes behind another goes a moment later: a provider that has just come back is not run over. */
const SPREAD_MS = 50;
/** A look that failed is repeated after this at the earliest. */
const LEAST_MS = 10;

/** `after` is the clock. */
export function openFlowQueue<T>(after: After): FlowQueue<T> {
  const rows = new Map<string, Row<T>>();

  const leave = (key: string, row: Row<T>, one: Standing<T>): void => {
    const at = row.standing.indexOf(one);
    if (at >= 0) row.standing.splice(at, 1);
    if (row.standing.length > 0) return;
    row.cancel();
    rows.delete(key);
  };

  const arm = (key: string, row: Row<T>, ms: number): void => {
    row.cancel();
    row.cancel = after(Math.max(LEAST_MS, ms), () => pump(key));
  };

  const pump = (key: string): void => {
    const row = rows.get(key);
    const first = row && (row.standing.find(({ isBackground }) => !isBackground) ?? row.standing[0]);
    if (!row || !first) return;
    let look: Look<T>;
    try {
      look = first.look();
    } catch (thrown) {
      first.reject(thrown as Error);
      return arm(key, row, SPREAD_MS);
    }
    if ('waitMs' in look) {
      for (const one of row.standing) one.waitMs = look.waitMs;
      return arm(key, row, look.waitMs);
    }
    // Armed before it goes: when the last one leaves, the row and its timer are taken away.
    arm(key, row, SPREAD_MS);
    first.resolve(look.go);
  };

  return {
    isBehind: (key, isBackground) => rows.get(key)?.standing.some((other) => !other.isBackground || isBackground) ?? false,
    waiting: (key) => rows.get(key)?.standing.length ?? 0,
    wake(key) {
      const row = rows.get(key);
      if (row) arm(key, row, 0);
    },
    wakeAll() {
      for (const [key, row] of rows) arm(key, row, 0);
    },
    wait(key, depth, waiter, waitMs) {
      if (waiter.signal.aborted) return Promise.reject(CLIENT_GONE);
      const known = rows.get(key);
      const others = known?.standing ?? [];
      if (others.length >= depth) return Promise.reject(waiter.refusal(Math.max(waitMs, others[0]?.waitMs ?? 0)));
      const row = known ?? { standing: [], cancel: () => undefined };
      rows.set(key, row);
      return new Promise((resolve, reject) => {
        const settle = (act: () => void): void => {
          giveUp();
          waiter.signal.removeEventListener('abort', onGone);
          leave(key, row, one);
          act();
        };
        const one: Standing<T> = {
          ...waiter,
          waitMs,
          resolve: (pass) => settle(() => resolve(pass)),
          reject: (reason) => settle(() => reject(reason)),
        };
        const onGone = () => one.reject(CLIENT_GONE);
        const giveUp = after(waiter.patienceMs, () => one.reject(waiter.refusal(one.waitMs)));
        waiter.signal.addEventListener('abort', onGone);
        row.standing.push(one);
        if (!known) arm(key, row, waitMs);
      });
    },
  };
}
