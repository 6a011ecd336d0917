// Shows and changes profiles: what the clients of one may do, and what is kept of it.
// Must not open a socket: a daemon that runs sees a change of the store by itself.
import { OVER_BUDGETS, PROFILE_LOGS } from '../../src/rules/profile.ts';
import type { Command, Names } from '../command.ts';

const CHANGED = ['add', 'set'];

const names: Names = async (invocation) => (await import('../access/stored.ts')).storedProfiles(invocation).map(({ name }) => name);

/** `sallyport profile list|add|show|set|remove`. */
export const profile: Command = {
  name: 'profile <action> [name]',
  summary: 'show or change profiles: rules, entries of the vault, limits and log of a group of clients',
  positionals: {
    action: { describe: 'remove takes its tokens with it', choices: ['list', 'add', 'show', 'set', 'remove'] },
    name: { describe: 'which profile; default is always there' },
  },
  names: { show: names, set: names, remove: names },
  options: {
    rules: {
      type: 'string',
      describe: 'rules it adds and does without, as in --rules=+customers,-phone; or none [NAME,…]',
      isList: true,
      actions: CHANGED,
    },
    vault: { type: 'string', describe: 'entries of the vault it may use, * for all, or none [NAME,…]', isList: true, actions: CHANGED },
    'requests-per-minute': { type: 'string', describe: 'a whole number, or none [N]', actions: CHANGED },
    'tokens-per-day': { type: 'string', describe: 'tokens of models, a whole number, or none [N]', actions: CHANGED },
    'money-per-day': { type: 'string', describe: 'USD by the prices of the configuration, such as 2.50, or none [USD]', actions: CHANGED },
    'over-budget': {
      type: 'string',
      describe: 'what happens when the tokens or the money of a day are used up',
      choices: OVER_BUDGETS,
      actions: CHANGED,
    },
    log: {
      type: 'string',
      describe: 'what is kept of its exchanges: nothing, a row, or for a while their bodies too, masked',
      choices: PROFILE_LOGS,
      actions: CHANGED,
    },
    for: { type: 'string', describe: 'for how long bodies are kept with --log masked, 1h unless given [TIME]', actions: CHANGED },
  },
  settings: 'home',
  examples: [
    ['profile add ci --log none --requests-per-minute 60', 'then: token create --profile ci'],
    ['profile set ci --money-per-day 5 --over-budget refuse', 'over 5 USD a day requests are answered 429 until midnight'],
    ['profile set default --vault openai,anthropic', 'whoever brings no token has the profile default'],
    ['profile set default --log masked --for 30m', 'bodies too, masked and sealed; then: audit export --format har --masked-bodies'],
    ['profile list', 'all of them'],
  ],
  run: async (call) => {
    const { PROFILE_ACTIONS } = await import('../access/profiles.ts');
    return PROFILE_ACTIONS[call.args.action as keyof typeof PROFILE_ACTIONS](call);
  },
};
