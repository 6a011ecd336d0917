// The exchanges, one line each, as they are recorded.
// Must not need a daemon: the store has it all.
import type { Command } from '../command.ts';

/** `sallyport log`. */
export const log: Command = {
  name: 'log',
  summary: 'show exchanges: who asked whom, what was masked, tokens, time added',
  options: {
    follow: { type: 'boolean', describe: 'go on with new ones as they come' },
    since: { type: 'string', describe: 'from when on, as 90s, 15m, 1h, 7d or a date [TIME]' },
    client: { type: 'string', describe: 'only clients with this in their name [NAME]' },
    host: { type: 'string', describe: 'only hosts with this in their name [NAME]' },
    verdict: { type: 'string', describe: 'only those that passed, were edited or were denied', choices: ['pass', 'edit', 'deny'] },
    limit: { type: 'string', describe: 'how many, the newest; 20, or with --since all [N]' },
  },
  settings: 'home',
  examples: [
    ['log', 'the last exchanges'],
    ['log --follow --client claude', 'what Claude Code does, as it does it'],
    ['log --since 1d --verdict deny --json', 'what was denied today, as JSON lines'],
  ],
  run: async (call) => (await import('../audit/show-log.ts')).showLog(call),
};
