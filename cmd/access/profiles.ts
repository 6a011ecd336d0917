// The actions of `sallyport profile`, each from a call to its exit code.
// Must not make a token: `token create` does, for a profile.
import { DEFAULT_PROFILE, isProfileName, type OverBudget, type Profile, type ProfileLog } from '../../src/rules/profile.ts';
import { NoSuchProfile, openProfiles, type Profiles } from '../../src/store/profiles.ts';
import { changeStore } from '../change-store.ts';
import type { Call } from '../command.ts';
import { commaList } from '../command-options.ts';
import { parseDuration } from '../duration.ts';
import { EXIT, usage } from '../failure.ts';
import { columns } from '../table.ts';
import { storedProfiles } from './stored.ts';

/** By the word on the command line. */
export const PROFILE_ACTIONS = { list, show, add, set, remove } as const;

async function list({ args, json, invocation, terminal }: Call): Promise<number> {
  if (args.name !== undefined) throw usage('profile list takes no name; profile show does');
  const all = storedProfiles(invocation);
  if (json) terminal.out(JSON.stringify(all.map(shown)));
  else terminal.out(columns(MEMBERS, all.map(cells)));
  return EXIT.ok;
}

async function show(call: Call): Promise<number> {
  const name = named(call);
  const found = storedProfiles(call.invocation).find((one) => one.name === name);
  if (!found) throw new NoSuchProfile(name);
  return told(call, found);
}

async function add(call: Call): Promise<number> {
  const name = named(call);
  if (!isProfileName(name))
    throw usage(`«${name}» is no name of a profile: small letters, digits, dots, hyphens and underscores, 32 at most`);
  const made = { ...DEFAULT_PROFILE, ...given(call), name };
  await change(call, name, (profiles) => profiles.add(made));
  return told(call, made);
}

async function set(call: Call): Promise<number> {
  const name = named(call);
  const members = given(call);
  if (Object.keys(members).length === 0) throw usage('set what? profile --help shows what a profile has');
  const after = await change(call, name, (profiles) => profiles.set({ ...existing(profiles, name), ...members }));
  return told(call, after!);
}

async function remove(call: Call): Promise<number> {
  const name = named(call);
  await change(call, name, (profiles) => profiles.remove(name));
  call.terminal.out(call.json ? JSON.stringify({ removed: name }) : `removed ${name} and its tokens`);
  return EXIT.ok;
}

/** The profile as it is then. */
async function change({ args, invocation }: Call, name: string, make: (profiles: Profiles) => void): Promise<Profile | undefined> {
  const { after } = await changeStore(invocation, ({ store }) => {
    const profiles = openProfiles(store);
    const before = profiles.get(name);
    make(profiles);
    return { action: `profile ${args.action}`, subject: name, before, after: profiles.get(name) };
  });
  return after;
}

/** How long bodies are kept where nobody says so. */
const CAPTURE = '1h';

const MEMBERS = ['name', 'rules', 'vault', 'requestsPerMinute', 'tokensPerDay', 'moneyPerDay', 'overBudget', 'log'] as const;

function named({ args }: Call): string {
  if (args.name === undefined) throw usage(`profile ${args.action} takes the name of a profile`);
  return args.name as string;
}

function existing(profiles: Profiles, name: string): Profile {
  const found = profiles.get(name);
  if (!found) throw new NoSuchProfile(name);
  return found;
}

const WHOLE = { shape: /^[1-9]\d{0,14}$/, takes: 'a whole number, 1 or more' };
const LIMITS = {
  requestsPerMinute: { name: 'requests-per-minute', ...WHOLE },
  tokensPerDay: { name: 'tokens-per-day', ...WHOLE },
  moneyPerDay: { name: 'money-per-day', shape: /^(?=.*[1-9])\d{1,9}(\.\d{1,6})?$/, takes: 'an amount of USD such as 5 or 2.50' },
} as const;

/** The members that the call gives. */
function given({ args }: Call): Partial<Profile> {
  const members = {
    rules: ruleNames(args.rules),
    vault: names(args.vault),
    overBudget: args['over-budget'] as OverBudget | undefined,
    log: args.log as ProfileLog | undefined,
    ...capture(args),
  };
  return Object.fromEntries([
    ...Object.entries(members).filter(([, value]) => value !== undefined),
    ...Object.entries(LIMITS).flatMap(([member, option]) => (args[option.name] === undefined ? [] : [[member, limit(args, option)]])),
  ]);
}

/** Bodies are never kept without an end. */
function capture(args: Call['args']): { readonly maskedUntilMs?: number } {
  if (args.log !== 'masked') {
    if (args.for !== undefined) throw usage('--for belongs to --log masked');
    return {};
  }
  const forMs = parseDuration((args.for as string | undefined) ?? CAPTURE, 'for');
  if (forMs === undefined) throw usage('--for takes an end: bodies are not kept for ever');
  return { maskedUntilMs: Date.now() + forMs };
}

function ruleNames(value: unknown): readonly string[] | undefined {
  const all = names(value);
  const wrong = all?.find((name) => !/^[+-]./.test(name));
  if (wrong === undefined) return all;
  throw usage(`--rules takes names with + or - before each, as in --rules=+customers,-phone; not «${wrong}»`);
}

/** `none` stands for no name at all. */
function names(value: unknown): readonly string[] | undefined {
  const all = commaList(value);
  return all?.join() === 'none' ? [] : all?.filter((name) => name !== '');
}

function limit(args: Call['args'], { name, shape, takes }: (typeof LIMITS)[keyof typeof LIMITS]): number | undefined {
  const text = args[name] as string;
  if (text === 'none') return undefined;
  if (!shape.test(text)) throw usage(`--${name} takes ${takes}, or none; not «${text}»`);
  return Number(text);
}

function told({ json, terminal }: Call, one: Profile): number {
  terminal.out(json ? JSON.stringify(shown(one)) : columns(MEMBERS, [cells(one)]));
  return EXIT.ok;
}

function shown(one: Profile) {
  const { requestsPerMinute = null, tokensPerDay = null, moneyPerDay = null, maskedUntilMs } = one;
  const { maskedUntilMs: _, ...rest } = one;
  return {
    ...rest,
    requestsPerMinute,
    tokensPerDay,
    moneyPerDay,
    ...(maskedUntilMs !== undefined && { maskedUntil: isoOf(maskedUntilMs) }),
  };
}

function isoOf(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}

function cells(one: Profile) {
  const { name, rules, vault, requestsPerMinute, tokensPerDay, moneyPerDay, overBudget, log, maskedUntilMs } = one;
  const number = (value: number | undefined) => (value === undefined ? null : String(value));
  return {
    name,
    rules: rules.join(','),
    vault: vault.join(','),
    requestsPerMinute: number(requestsPerMinute),
    tokensPerDay: number(tokensPerDay),
    moneyPerDay: number(moneyPerDay),
    overBudget,
    log: log === 'masked' ? `masked until ${isoOf(maskedUntilMs) ?? 'never'}` : log,
  };
}
