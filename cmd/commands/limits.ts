// Shows what holds requests back: pauses that providers asked for, limits that are known, models that are locked; and takes that back.
// Must not hold one: the daemon does.
import type { Command } from '../command.ts';

/** `sallyport limits [show|reset]`. Exit code 3 where no daemon runs that could show them. */
export const limits: Command = {
  name: 'limits [action] [host]',
  summary: 'show or reset pauses, rate limits and locks of models',
  positionals: {
    action: { describe: 'show them, or take them back to rest', choices: ['show', 'reset'] },
    host: { describe: 'those of this host alone' },
  },
  options: { all: { type: 'boolean', describe: 'every one there is', actions: ['reset'] } },
  settings: 'home',
  examples: [
    ['limits', 'by host, model and credential: what is left, who waits, until when'],
    ['limits show api.anthropic.com --json', 'for programs'],
    ['limits reset api.anthropic.com', 'forget the pause that it asked for'],
  ],
  run: async (call) => {
    const { limitsAction } = await import('../limits/actions.ts');
    return limitsAction('limits')(call);
  },
};
