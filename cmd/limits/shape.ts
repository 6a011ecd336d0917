// What the commands have in common that show machines and take them back to rest. Loaded with every command line, so it must not load
// what one of them does.
import type { Command } from '../command.ts';
import type { What } from './actions.ts';

/** `WORD [show|reset] [HOST]`. Exit code 3 where no daemon runs that could show them. */
export function machinesCommand(word: What, { summary, examples }: Pick<Command, 'summary' | 'examples'>): Command {
  return {
    name: `${word} [action] [host]`,
    summary,
    positionals: {
      action: { describe: 'show them, or take them back to rest', choices: ['show', 'reset'] },
      host: { describe: 'those of this host alone' },
    },
    options: { all: { type: 'boolean', describe: 'every one there is', actions: ['reset'] } },
    settings: 'home',
    examples,
    run: async (call) => (await import('./actions.ts')).limitsAction(word)(call),
  };
}
