// Makes the daemon read its configuration again; one that is refused changes nothing.
// Must not read it itself: the daemon's flags and environment are not ours.
import { controlOf } from '../../src/proxy/control/call.ts';
import type { Command } from '../command.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import { homeOf } from '../settings.ts';

/** `sallyport reload`. Exit code 1 when the new configuration was refused. */
export const reload: Command = {
  name: 'reload',
  summary: 'read the configuration again; nothing that runs is disturbed',
  settings: 'home',
  examples: [['reload', 'after editing sallyport.yaml']],
  run: async ({ json, invocation, terminal }) => {
    const result = await controlOf(homeOf(invocation)).reload();
    if (json) terminal.out(JSON.stringify(result));
    if (result.error !== undefined) {
      if (json) return EXIT.failed;
      throw new CommandFailure(EXIT.failed, `refused, the old configuration stays: ${result.error}`);
    }
    if (json) return EXIT.ok;
    terminal.out(result.changed.length > 0 ? `reloaded: ${result.changed.join(', ')} changed` : 'reloaded: nothing changed');
    for (const notice of result.notices) terminal.err(terminal.typed(`note: ${notice}`));
    return EXIT.ok;
  },
};
