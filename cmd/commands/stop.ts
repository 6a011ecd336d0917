// Stops the daemon and waits until it is gone: what runs may end, unless told otherwise.
// Must not signal it: a process id may have come to mean another.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { controlOf } from '../../src/proxy/control/call.ts';
import type { Command } from '../command.ts';
import { homeOf } from '../settings.ts';

/** `sallyport stop`. */
export const stop: Command = {
  name: 'stop',
  summary: 'stop the daemon; streams that run may end first',
  settings: 'home',
  options: { now: { type: 'boolean', describe: 'cut what runs instead of letting it end' } },
  examples: [
    ['stop', 'let streams end, then stop'],
    ['stop --now', 'do not wait for them'],
  ],
  run: async ({ args, json, invocation, terminal }) => {
    const home = homeOf(invocation);
    const client = controlOf(home);
    const { pid } = await client.status();
    // This connection ends with the daemon, so its end is the news.
    const { ended } = await client.hold();
    await client.stop(args.now === true);
    if (!json && terminal.isTty) terminal.err('stopping; streams that run may end first (again with --now cuts them)');
    await ended;
    await homeIsFree(home, pid);
    terminal.out(json ? JSON.stringify({ stopped: true, pid }) : `stopped (pid ${pid})`);
    return 0;
  },
};

const FREE_MS = 5000;

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
