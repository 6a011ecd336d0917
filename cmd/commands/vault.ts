// The credentials of the vault, and the keys that seal what the store holds.
// Must not print a key, nor take one from the command line.
import type { Command, Names } from '../command.ts';

const SET = ['set'];
const entries: Names = async (invocation) => (await import('../vault/names.ts')).entryNames(invocation);

/** `sallyport vault set|list|show|placeholder|rotate|rename|remove|import|key|rekey|unlock`. */
export const vault: Command = {
  name: 'vault <action> [words..]',
  summary: 'keep credentials sealed, each for its hosts; where the key that seals them comes from',
  positionals: {
    action: {
      describe: 'keep, list, show, rotate, rename, remove or import credentials; see which key opens the vault; seal everything anew',
      choices: ['set', 'list', 'show', 'placeholder', 'rotate', 'rename', 'remove', 'import', 'key', 'rekey', 'unlock'],
    },
    words: { describe: 'names of credentials; a file for import; for key: show, or use key-file | passphrase | keychain | systemd' },
  },
  names: { show: entries, placeholder: entries, rotate: entries, rename: entries, remove: entries, import: 'file' },
  options: {
    host: { type: 'string', describe: 'the hosts it goes to, and no other [PATTERN,…]', isList: true, actions: SET },
    header: { type: 'string', describe: "the field it goes into, if not the vendor's own [NAME]", actions: SET },
    query: { type: 'string', describe: 'the parameter of the query it goes into [NAME]', actions: SET },
    'json-path': { type: 'string', describe: 'the string of a JSON body it goes into, such as auth.key [PATH]', actions: SET },
    sigv4: { type: 'boolean', describe: 'it is a pair of AWS, ID:SECRET[:TOKEN], that requests are signed with', actions: SET },
    method: { type: 'string', describe: 'only for these methods [METHOD,…]', isList: true, actions: SET },
    path: { type: 'string', describe: "only for these paths, such as '/v1/*' [PATTERN,…]", isList: true, actions: SET },
    reference: {
      type: 'string',
      describe: 'where the value is kept, instead of here, such as op:Work/OpenAI/key [REFERENCE]',
      actions: ['set', 'rotate'],
    },
    variable: { type: 'string', describe: 'the variable under which clients look for it [NAME]', actions: SET },
    placeholder: { type: 'string', describe: 'what clients hold in its place, if it has to be some text [TEXT]', actions: SET },
    expires: { type: 'string', describe: 'how long it may be used, such as 90d, or never [TIME]', actions: SET },
    note: { type: 'string', describe: 'what it is for [TEXT]', actions: SET },
    force: { type: 'boolean', describe: 'keep a value whose form is odd', actions: ['set', 'rotate', 'import'] },
    'v1-key-file': {
      type: 'string',
      describe: 'a file with the secret that values sealed as enc:v1 open with [FILE]',
      actions: ['import'],
      names: 'file',
    },
    'passphrase-file': {
      type: 'string',
      describe: 'for key use passphrase: a private file that holds the new one, instead of asking [FILE]',
      actions: ['key'],
      names: 'file',
    },
  },
  settings: 'home',
  examples: [
    ['vault set openai --host api.openai.com', 'asks for the key, and keeps it sealed'],
    ['vault set work --host api.anthropic.com --reference op:Work/Anthropic/key', 'kept by 1Password, fetched when needed'],
    ["vault set bedrock --host 'bedrock-runtime.*.amazonaws.com' --sigv4", 'a pair of AWS: requests are signed with it'],
    ['run --with openai -- codex', 'the client holds a placeholder; the key is put in on the way'],
    ['vault key use passphrase', 'asks for one; the key file goes'],
    ['vault rekey', 'a new data key; goes on where it was interrupted'],
  ],
  run: async (call) => {
    const { ACTIONS } = await import('../vault/actions.ts');
    return ACTIONS[call.args.action as keyof typeof ACTIONS](call);
  },
};
