// Sees that another process has changed the store (PRAGMA data_version, which our own writes leave alone).
// Must not know what changed: whoever asks reads again.
import type { Store } from './open.ts';

/** How often to look, and with which timer. */
export interface WatchOptions {
  readonly everyMs: number;
  /** Runs `task` once, `delayMs` from now, without keeping the process alive; returns a way to call it off. */
  readonly schedule: (task: () => void, delayMs: number) => () => void;
  /** Called after a commit of another connection. What it throws is its own affair: it must not. */
  readonly onChange: () => void;
}

/** Watches until `close()`. A look costs a few microseconds. */
export function watchStore(store: Store, { everyMs, schedule, onChange }: WatchOptions): { close(): void } {
  const version = () => store.db.pragma('data_version', { simple: true }) as number;
  let last = version();
  let cancel = schedule(look, everyMs);
  function look(): void {
    cancel = schedule(look, everyMs);
    const now = seen();
    if (now === last) return;
    last = now;
    onChange();
  }
  /** A file that is locked for a moment is looked at the next time. */
  function seen(): number {
    try {
      return version();
    } catch {
      return last;
    }
  }
  return { close: () => cancel() };
}
