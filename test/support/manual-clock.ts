// A clock that stands still until a test moves it, with the timers that hang on it.
// Knows nothing of what it is for.

export interface ManualClock {
  readonly now: () => number;
  /** As the product's own: runs `task` once, `delayMs` from now; the returned function calls it off. */
  readonly schedule: (task: () => void, delayMs: number) => () => void;
  /** Moves on, and runs what has come due, in order. */
  advance(ms: number): void;
  /** Moves on as a machine that sleeps: no timer runs. */
  sleep(ms: number): void;
  /** Timers that are still to come. */
  readonly pending: () => number;
}

export function manualClock(startMs = 1_700_000_000_000): ManualClock {
  let nowMs = startMs;
  let timers: { readonly at: number; readonly task: () => void }[] = [];
  return {
    now: () => nowMs,
    schedule: (task, delayMs) => {
      const timer = { at: nowMs + delayMs, task };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    advance: (ms) => {
      nowMs += ms;
      const due = timers.filter(({ at }) => at <= nowMs).sort((a, b) => a.at - b.at);
      timers = timers.filter((timer) => !due.includes(timer));
      for (const { task } of due) task();
    },
    sleep: (ms) => {
      nowMs += ms;
    },
    pending: () => timers.length,
  };
}
