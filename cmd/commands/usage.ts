// Shows what was used: requests, tokens and what they cost, and what is left of the budgets of profiles.
// Must not need a daemon: the store has it all.
import type { Command, Names } from '../command.ts';

const profiles: Names = async (invocation) => (await import('../access/stored.ts')).storedProfiles(invocation).map(({ name }) => name);

/** `sallyport usage`. */
export const usage: Command = {
  name: 'usage',
  summary: 'show requests, tokens and cost by profile, provider and model, and what is left of budgets',
  options: {
    days: { type: 'string', describe: 'how many days, today the last of them [N]', default: '1' },
    profile: { type: 'string', describe: 'only this one [NAME]', names: profiles },
  },
  settings: 'home',
  examples: [
    ['usage', 'today'],
    ['usage --days 7 --profile ci', 'what CI used in a week, by the day'],
    ['usage --json', 'for programs'],
  ],
  run: async (call) => (await import('../usage/show.ts')).showUsage(call),
};
