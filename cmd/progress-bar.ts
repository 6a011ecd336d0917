// How far long work has come, as one line of a terminal that goes when the work is done.
// Must not write anywhere but to standard error, nor there where it is no terminal.

/** Shows progress. */
export interface ProgressBar {
  /** `done` of `total`. */
  show(done: number, total: number): void;
  /** Takes the line off the terminal. */
  clear(): void;
}

const EVERY_MS = 100;
const WIDTH = 30;
const ERASE = '\r\u001B[K';

/** `what` stands before the bar. */
export function openProgressBar(
  what: string,
  stream: NodeJS.WriteStream = process.stderr,
  now: () => number = performance.now,
): ProgressBar {
  if (stream.isTTY !== true) return { show: () => {}, clear: () => {} };
  let shownAtMs = Number.NEGATIVE_INFINITY;
  return {
    show(done, total) {
      if (now() - shownAtMs < EVERY_MS) return;
      shownAtMs = now();
      const full = total === 0 ? WIDTH : Math.floor((WIDTH * Math.min(done, total)) / total);
      stream.write(`${ERASE}${what} [${'#'.repeat(full)}${'.'.repeat(WIDTH - full)}] ${done} of ${total}`);
    },
    clear() {
      if (shownAtMs > Number.NEGATIVE_INFINITY) stream.write(ERASE);
    },
  };
}
