// Looks after the store: whether it is sound, a backup of it, a backup put back.
// Must not open it where a start would: restore holds the lock of the home.
import type { Command } from '../command.ts';

/** `sallyport db check|backup|restore`. */
export const db: Command = {
  name: 'db <action> [file]',
  summary: 'whether the store is sound; back it up, put a backup back',
  positionals: {
    action: {
      describe: 'check the file and its keys; back it up into a new file; restore it from one',
      choices: ['check', 'backup', 'restore'],
    },
    file: { describe: 'the backup' },
  },
  names: { backup: 'file', restore: 'file' },
  options: { force: { type: 'boolean', describe: 'let backup replace an older backup' } },
  settings: 'home',
  examples: [
    ['db check', '0 all is well, 1 it is not'],
    ['db backup sallyport.backup', 'while the daemon runs; keys are not in it'],
    ['db restore sallyport.backup', 'after sallyport stop; the store that was there is kept beside it'],
  ],
  run: async (call) => {
    const { ACTIONS } = await import('../db/actions.ts');
    return ACTIONS[call.args.action as keyof typeof ACTIONS](call);
  },
};
