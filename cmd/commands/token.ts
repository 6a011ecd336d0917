// Makes, lists and revokes the tokens by which clients are let in.
// Must not open a socket: a daemon that runs reads each token from the store.
import type { Command, Names } from '../command.ts';

const ids: Names = async (invocation) => (await import('../access/stored.ts')).storedTokens(invocation).map(({ id }) => id);
const profiles: Names = async (invocation) => (await import('../access/stored.ts')).storedProfiles(invocation).map(({ name }) => name);

/** `sallyport token create|list|revoke`. */
export const token: Command = {
  name: 'token <action> [ids..]',
  summary: 'make, list or revoke the tokens that let clients use the proxy',
  positionals: {
    action: { describe: 'create shows the new token, once', choices: ['create', 'list', 'revoke'] },
    ids: { describe: 'which to revoke, as list names them' },
  },
  names: { revoke: ids },
  options: {
    profile: { type: 'string', describe: 'the profile it stands for; default without it [NAME]', actions: ['create'], names: profiles },
    expires: { type: 'string', describe: 'how long it is valid, such as 12h or never; 30d without it [TIME]', actions: ['create'] },
    note: { type: 'string', describe: 'what it is for [TEXT]', actions: ['create'] },
    all: { type: 'boolean', describe: 'every one that is valid', actions: ['revoke'] },
  },
  settings: ['listen'],
  examples: [
    ['token create --note laptop', 'valid for 30 days; the token is on standard output, and nowhere else'],
    ['token create --profile ci --expires 1h --json', 'for a script'],
    ['token list', 'which there are, of which profile, until when, last used when'],
    ['token revoke 3f9a01c4', 'refused from the next request on'],
  ],
  run: async (call) => {
    const { TOKEN_ACTIONS } = await import('../access/tokens.ts');
    return TOKEN_ACTIONS[call.args.action as keyof typeof TOKEN_ACTIONS](call);
  },
};
