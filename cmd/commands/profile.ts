// Shows and changes profiles: what the clients of one may do, and what is kept of it.
// Must not make a token: token create does, for a profile.
import { DEFAULT_PROFILE, isProfileName, PROFILE_LOGS, type Profile, type ProfileLog } from '../../src/rules/profile.ts';
import { NoSuchProfile, openProfiles, type Profiles } from '../../src/store/profiles.ts';
import type { Call, Command } from '../command.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import { openHomeStore } from '../home-store.ts';
import { columns } from '../table.ts';

/** `sallyport profile list|add|show|set|remove`. */
export const profile: Command = {
  name: 'profile <action> [name]',
  summary: 'show or change profiles: rules, entries of the vault, limits and log of a group of clients',
  positionals: {
    action: { describe: 'remove takes its tokens with it', choices: ['list', 'add', 'show', 'set', 'remove'] },
    name: { describe: 'which profile; default is always there' },
  },
  options: {
    rules: {
      type: 'string',
      describe: 'for add and set: rules it adds and does without, as in --rules=+customers,-phone; or none [NAMES]',
    },
    vault: { type: 'string', describe: 'for add and set: entries of the vault it may use, * for all, or none [NAMES]' },
    'requests-per-minute': { type: 'string', describe: 'for add and set: a whole number, or none [N]' },
    'tokens-per-day': { type: 'string', describe: 'for add and set: tokens of models, a whole number, or none [N]' },
    log: { type: 'string', describe: 'for add and set: what is kept of its exchanges', choices: PROFILE_LOGS },
  },
  settings: 'home',
  examples: [
    ['profile add ci --log none --requests-per-minute 60', 'then: token create --profile ci'],
    ['profile set default --vault openai,anthropic', 'whoever brings no token has the profile default'],
    ['profile list', 'all of them'],
  ],
  run: async (call) => {
    const { store, close } = await openHomeStore(call.invocation);
    try {
      return ACTIONS[call.args.action as keyof typeof ACTIONS](call, openProfiles(store));
    } finally {
      close();
    }
  },
};

const ACTIONS = {
  list({ args, json, terminal }: Call, profiles: Profiles): number {
    if (args.name !== undefined) throw new CommandFailure(EXIT.usage, 'profile list takes no name; profile show does');
    if (json) terminal.out(JSON.stringify(profiles.list().map(shown)));
    else terminal.out(columns(MEMBERS, profiles.list().map(cells)));
    return EXIT.ok;
  },
  show(call: Call, profiles: Profiles): number {
    return told(call, existing(call, profiles));
  },
  add(call: Call, profiles: Profiles): number {
    const name = named(call);
    if (!isProfileName(name))
      throw new CommandFailure(
        EXIT.usage,
        `«${name}» is no name of a profile: small letters, digits, dots, hyphens and underscores, 32 at most`,
      );
    const made = changed({ ...DEFAULT_PROFILE, name }, call);
    profiles.add(made);
    return told(call, made);
  },
  set(call: Call, profiles: Profiles): number {
    const before = existing(call, profiles);
    const after = changed(before, call);
    if (after === before) throw new CommandFailure(EXIT.usage, 'set what? profile --help shows what a profile has');
    profiles.set(after);
    return told(call, after);
  },
  remove(call: Call, profiles: Profiles): number {
    const { name } = existing(call, profiles);
    profiles.remove(name);
    call.terminal.out(call.json ? JSON.stringify({ removed: name }) : `removed ${name} and its tokens`);
    return EXIT.ok;
  },
};

const MEMBERS = ['name', 'rules', 'vault', 'requestsPerMinute', 'tokensPerDay', 'log'] as const;

function named({ args }: Call): string {
  if (args.name === undefined) throw new CommandFailure(EXIT.usage, `profile ${args.action} takes the name of a profile`);
  return args.name as string;
}

function existing(call: Call, profiles: Profiles): Profile {
  const found = profiles.get(named(call));
  if (!found) throw new NoSuchProfile(named(call));
  return found;
}

/** The profile with what the call changes; the same object where that is nothing. */
function changed(before: Profile, { args }: Call): Profile {
  const given = {
    ...(args.rules !== undefined && { rules: ruleNames(args.rules as string) }),
    ...(args.vault !== undefined && { vault: names(args.vault as string) }),
    ...(args['requests-per-minute'] !== undefined && { requestsPerMinute: limit(args, 'requests-per-minute') }),
    ...(args['tokens-per-day'] !== undefined && { tokensPerDay: limit(args, 'tokens-per-day') }),
    ...(args.log !== undefined && { log: args.log as ProfileLog }),
  };
  return Object.keys(given).length === 0 ? before : { ...before, ...given };
}

function ruleNames(text: string): readonly string[] {
  const list = names(text);
  const wrong = list.find((name) => !/^[+-]./.test(name));
  if (wrong !== undefined)
    throw new CommandFailure(EXIT.usage, `--rules takes names with + or - before each, as in --rules=+customers,-phone; not «${wrong}»`);
  return list;
}

function names(text: string): readonly string[] {
  if (text === 'none') return [];
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function limit(args: Call['args'], option: string): number | undefined {
  const text = args[option] as string;
  if (text === 'none') return undefined;
  if (!/^[1-9]\d{0,14}$/.test(text))
    throw new CommandFailure(EXIT.usage, `--${option} takes a whole number, 1 or more, or none; not «${text}»`);
  return Number(text);
}

function told({ json, terminal }: Call, one: Profile): number {
  if (json) terminal.out(JSON.stringify(shown(one)));
  else terminal.out(columns(MEMBERS, [cells(one)]));
  return EXIT.ok;
}

function shown(one: Profile) {
  return { ...one, requestsPerMinute: one.requestsPerMinute ?? null, tokensPerDay: one.tokensPerDay ?? null };
}

function cells(one: Profile) {
  const { name, rules, vault, requestsPerMinute, tokensPerDay, log } = one;
  return {
    name,
    rules: rules.join(','),
    vault: vault.join(','),
    requestsPerMinute: requestsPerMinute === undefined ? null : String(requestsPerMinute),
    tokensPerDay: tokensPerDay === undefined ? null : String(tokensPerDay),
    log,
  };
}
