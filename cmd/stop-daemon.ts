// Ends the daemon of a home and waits until the home is free.
// Must not signal it: a process id may have come to mean another.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ControlClient } from '../src/proxy/control/call.ts';

const FREE_MS = 5000;

/** Its process id. `now` cuts what runs; `onAsked` is told when it has been asked. Rejects with NotRunning. */
export async function stopDaemon(client: ControlClient, home: string, now: boolean, onAsked = () => {}): Promise<number> {
  const { pid } = await client.status();
  // This connection ends with the daemon, so its end is the news.
  const { ended } = await client.hold();
  await client.stop(now);
  onAsked();
  await ended;
  await homeIsFree(home, pid);
  return pid;
}

/** The socket closes a moment before the lock: whoever starts a daemon next must not find the home taken. */
async function homeIsFree(home: string, pid: number): Promise<void> {
  for (const end = performance.now() + FREE_MS; performance.now() < end; await pause(20)) {
    try {
      if (readFileSync(join(home, 'daemon.pid'), 'utf8').trim() !== String(pid)) return;
    } catch {
      return;
    }
  }
}
