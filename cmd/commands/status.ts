// Shows what the daemon is doing.
// Must not wake one where there is none: that is exit code 3.
import { controlOf, NotRunning } from '../../src/proxy/control/call.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../failure.ts';
import { homeOf } from '../settings.ts';

/** `sallyport status`. Exit code 3 where no daemon runs. */
export const status: Command = {
  name: 'status',
  summary: 'show what the daemon is doing',
  settings: 'home',
  options: { watch: { type: 'boolean', describe: 'show how each provider fares, anew each second' } },
  examples: [
    ['status', 'for people'],
    ['status --json', 'for programs'],
    ['status --watch', 'rates, times and tokens by provider, until Ctrl-C or the end of the daemon'],
    ['status --watch --json', 'a JSON line a second'],
  ],
  run: async (call) => {
    const { args, json, invocation, terminal } = call;
    const home = homeOf(invocation);
    const client = controlOf(home);
    try {
      if (args.watch === true) return await (await import('../status/live.ts')).watchStatus(client, call);
      const now = await client.status();
      terminal.out(json ? JSON.stringify(now) : (await import('../status/facts.ts')).statusText(now, Date.now()));
      return EXIT.ok;
    } catch (thrown) {
      if (!json || !(thrown instanceof NotRunning)) throw thrown;
      terminal.out(JSON.stringify({ running: false, home }));
      return EXIT.notRunning;
    }
  },
};
