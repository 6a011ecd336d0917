// Takes Sallyport off this machine: every change of the system that the journal tells of, the daemon, and with --purge the home.
// Killed in the middle, it goes on where it was when it is called again. Must not know what any change is about.
import { existsSync } from 'node:fs';
import { controlOf, NotRunning } from '../../src/proxy/control/call.ts';
import { ask, canAsk } from '../ask.ts';
import type { Call, Command } from '../command.ts';
import { CommandFailure, EXIT, explain, usage } from '../failure.ts';
import { homeOf } from '../settings.ts';
import { stopDaemon } from '../stop-daemon.ts';

/** `sallyport uninstall`. Exit code 1 where something could not be taken back; calling it again tries what is left. */
export const uninstall: Command = {
  name: 'uninstall',
  summary: 'take back every change of this system, and stop the daemon',
  settings: 'home',
  options: {
    'keep-home': { type: 'boolean', describe: 'keep the home, with the vault, the rules and the log; so it is without --purge' },
    purge: { type: 'boolean', describe: 'remove the home too, with the vault and all that it holds' },
    yes: { type: 'boolean', describe: 'do not ask before the home is removed' },
  },
  examples: [
    ['uninstall', 'trust stores, services and proxy settings as they were; the home stays'],
    ['uninstall --purge', 'and the home goes, with every key in it; asks first'],
  ],
  run: async (call) => {
    const { args, json, invocation, terminal } = call;
    const purges = args.purge === true;
    if (purges && args['keep-home'] === true) throw usage('--purge and --keep-home do not go together');
    const home = homeOf(invocation);
    const { checkPurge, purge } = await import('../purge.ts');
    if (purges) {
      checkPurge(invocation);
      await confirm(call, home);
    }
    const { ownHands } = await import('../changes/hands.ts');
    const { openJournal } = await import('../changes/journal.ts');
    const { undoAll } = await import('../changes/undo.ts');
    const told = json ? terminal.err : terminal.out;
    const { done, left, failed } = await undoAll(openJournal(home), 'all', told, ownHands(invocation.environment));
    const trouble = [...failed];
    let stopped = false;
    try {
      await stopDaemon(controlOf(home), home, true);
      stopped = true;
    } catch (thrown) {
      if (!(thrown instanceof NotRunning)) trouble.push(`the daemon was not stopped: ${explain(thrown).line}`);
    }
    const purged = purges && trouble.length === 0;
    if (purged) await purge(invocation);
    if (json) terminal.out(JSON.stringify({ done, left, stopped, purged, trouble }));
    else {
      if (done.length === 0 && failed.length === 0) terminal.out('nothing of this system is changed by Sallyport');
      terminal.out(stopped ? 'the daemon is stopped' : 'no daemon was running');
      if (purged) terminal.out(`removed: ${home}`);
      else if (existsSync(home))
        terminal.out(`${home} stays${purges ? ', since it tells how the rest is taken back' : ': --purge removes it'}`);
      for (const line of trouble) terminal.err(`sallyport: ${line}`);
    }
    return trouble.length === 0 ? EXIT.ok : EXIT.failed;
  },
};

async function confirm({ args }: Call, home: string): Promise<void> {
  if (args.yes === true || !existsSync(home)) return;
  if (!canAsk()) throw usage('--purge removes every key in the home: say --yes where nobody can be asked');
  const answer = await ask(`This removes ${home} with the vault, the rules and the log. Type yes to go on: `);
  if (answer.trim() !== 'yes') throw new CommandFailure(EXIT.failed, 'nothing was changed');
}
