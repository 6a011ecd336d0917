// Timers that do not keep the process alive.
// Must not know what they are for.

/** Beyond the drain, closing gets this long before the process ends all the same. */
export const LAST_RESORT_MS = 3000;

/** Runs `task` once, `delayMs` from now; the returned function calls it off. */
export function unreffed(task: () => void, delayMs: number): () => void {
  const timer = setTimeout(task, delayMs);
  timer.unref();
  return () => clearTimeout(timer);
}
