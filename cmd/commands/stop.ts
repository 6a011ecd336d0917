// Stops the daemon and waits until it is gone: what runs may end, unless told otherwise.
// Must not know how it is done.
import { controlOf } from '../../src/proxy/control/call.ts';
import type { Command } from '../command.ts';
import { homeOf } from '../settings.ts';
import { stopDaemon } from '../stop-daemon.ts';

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
    const pid = await stopDaemon(controlOf(home), home, args.now === true, () => {
      if (!json && terminal.isTty) terminal.err('stopping; streams that run may end first (again with --now cuts them)');
    });
    terminal.out(json ? JSON.stringify({ stopped: true, pid }) : `stopped (pid ${pid})`);
    return 0;
  },
};
