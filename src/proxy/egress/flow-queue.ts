// Requests that wait for their turn, a line for each key: those that somebody sits before go first, else who came first. Each has its own
// patience, each may leave. Whoever waits holds nothing but its place. It must not know what they wait for.
import { CLIENT_GONE } from '../../fault.ts';
import type { After } from '../refresh-flights.ts';

/** Why one waits, and when it may look again. */
export interface Wait<W> {
  readonly waitMs: number;
  readonly why: W;
}

/** What comes of a look. */
export type Look<T, W> = { readonly go: T } | Wait<W>;

/** One who would wait. */
export interface Waiter<T, W> {
  /** Asks again; what it gives is taken when it may go. */
  readonly look: () => Look<T, W>;
  /** Nobody sits before it. */
  readonly isBackground: boolean;
  readonly patienceMs: number;
  readonly signal: AbortSignal;
  /** The reason to give up, by what the last look of the line said. */
  readonly refusal: (wait: Wait<W>) => Error;
}

/** All lines. */
export interface FlowQueue<T, W> {
  /** Resolves when it may go; rejects with its refusal at the end of its patience or when `depth` others wait, and with Fault client-gone. */
  wait(key: string, depth: number, waiter: Waiter<T, W>, wait: Wait<W>): Promise<T>;
  /** What those wait for behind whom one that comes now has to stand; undefined: it may look itself. */
  ahead(key: string, isBackground: boolean): Wait<W> | undefined;
  /** Something has changed: the first of the line looks again. */
  wake(key: string): void;
  /** The same for every line. */
  wakeAll(): void;
  waiting(key: string): number;
}

interface Standing<T, W> extends Waiter<T, W> {
  resolve(pass: T): void;
  reject(reason: Error): void;
}

interface Row<T, W> {
  readonly standing: Standing<T, W>[];
  /** What the last look said. */
  last: Wait<W>;
  cancel: () => void;
}

/** Who goes behind another goes a moment later: a provider that has just come back is not run over. */
const SPREAD_MS = 50;
/** A look that failed is repeated after this at the earliest. */
const LEAST_MS = 10;

/** `after` is the clock. */
export function openFlowQueue<T, W>(after: After): FlowQueue<T, W> {
  const rows = new Map<string, Row<T, W>>();

  const leave = (key: string, row: Row<T, W>, one: Standing<T, W>): void => {
    const at = row.standing.indexOf(one);
    if (at >= 0) row.standing.splice(at, 1);
    if (row.standing.length > 0) return;
    row.cancel();
    rows.delete(key);
  };

  const arm = (key: string, row: Row<T, W>, ms: number): void => {
    row.cancel();
    row.cancel = after(Math.max(LEAST_MS, ms), () => pump(key));
  };

  const pump = (key: string): void => {
    const row = rows.get(key);
    const first = row && (row.standing.find(({ isBackground }) => !isBackground) ?? row.standing[0]);
    if (!row || !first) return;
    let look: Look<T, W>;
    try {
      look = first.look();
    } catch (thrown) {
      first.reject(thrown as Error);
      arm(key, row, SPREAD_MS);
      return;
    }
    if ('waitMs' in look) {
      row.last = look;
      arm(key, row, look.waitMs);
      return;
    }
    // Armed before it goes: when the last one leaves, the row and its timer are taken away.
    arm(key, row, SPREAD_MS);
    first.resolve(look.go);
  };

  return {
    ahead(key, isBackground) {
      const row = rows.get(key);
      return row?.standing.some((other) => !other.isBackground || isBackground) ? row.last : undefined;
    },
    waiting: (key) => rows.get(key)?.standing.length ?? 0,
    wake(key) {
      const row = rows.get(key);
      if (row) arm(key, row, 0);
    },
    wakeAll() {
      for (const [key, row] of rows) arm(key, row, 0);
    },
    wait(key, depth, waiter, wait) {
      if (waiter.signal.aborted) return Promise.reject(CLIENT_GONE);
      const known = rows.get(key);
      if ((known?.standing.length ?? 0) >= depth) return Promise.reject(waiter.refusal(known?.last ?? wait));
      const row = known ?? { standing: [], last: wait, cancel: () => undefined };
      rows.set(key, row);
      return new Promise((resolve, reject) => {
        const settle = (act: () => void): void => {
          giveUp();
          waiter.signal.removeEventListener('abort', onGone);
          leave(key, row, one);
          act();
        };
        const one: Standing<T, W> = {
          ...waiter,
          resolve: (pass) => settle(() => resolve(pass)),
          reject: (reason) => settle(() => reject(reason)),
        };
        const onGone = () => one.reject(CLIENT_GONE);
        const giveUp = after(waiter.patienceMs, () => one.reject(waiter.refusal(row.last)));
        waiter.signal.addEventListener('abort', onGone);
        row.standing.push(one);
        if (!known) arm(key, row, wait.waitMs);
      });
    },
  };
}
