// The one way to wait for a thing that has no event of its own. Its bound is there to end a broken run, not to judge a slow machine.
import { vi } from 'vitest';

const LIMIT_MS = 15_000;
const INTERVAL_MS = 20;

/** What `check` gives once it no longer throws; its last error after 15 s. */
export function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: LIMIT_MS, interval: INTERVAL_MS });
}
