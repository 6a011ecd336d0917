// Looks after the keys that seal what the store holds.
// Must not print a key, nor take one from the command line.
import type { Command } from '../command.ts';

/** `sallyport vault key show|use`, `sallyport vault rekey`. */
export const vault: Command = {
  name: 'vault <action> [words..]',
  summary: 'where the key of the vault comes from; new keys',
  positionals: {
    action: {
      describe: 'see which key opens the vault, or use another; seal everything anew under a new data key',
      choices: ['key', 'rekey'],
    },
    words: { describe: 'key show, or key use key-file | passphrase | keychain | systemd' },
  },
  options: {
    'passphrase-file': {
      type: 'string',
      describe: 'for key use passphrase: a private file that holds the new one, instead of asking [FILE]',
    },
  },
  settings: 'home',
  examples: [
    ['vault key show', 'which source, and since when'],
    ['vault key use passphrase', 'asks for one; the key file goes'],
    ['vault rekey', 'a new data key; goes on where it was interrupted'],
  ],
  run: async (call) => {
    const { ACTIONS } = await import('../vault/actions.ts');
    return ACTIONS[call.args.action as keyof typeof ACTIONS](call);
  },
};
