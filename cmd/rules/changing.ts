// The actions of `sallyport rules` that list and change the rules of the store, each from a call to its exit code.
// Must not know how rules are kept, nor what they do.
import { didYouMean } from '../../src/nearest.ts';
import { parseRule, RULE_MEMBERS } from '../../src/rule-schema.ts';
import type { RulePlace } from '../../src/store/rules.ts';
import type { Call } from '../command.ts';
import { EXIT, usage } from '../failure.ts';
import { refuseTaken } from '../joined-rules.ts';
import { homeOf, loadSettings, RULE_GRAMMAR } from '../settings.ts';
import { asUsage, changeRules, wordsOf } from './change-rules.ts';
import { listed, listedJson, listedText } from './listing.ts';
import { storedRules } from './stored.ts';

/** By the word on the command line. */
export const CHANGES = { list, add, edit, remove, enable, disable, move } as const;

/** What `edit` may replace. */
const MEMBERS: readonly string[] = RULE_MEMBERS.filter((name) => name !== 'id');
/** What `edit` may take away. */
const OPTIONAL: readonly string[] = MEMBERS.filter((name) => name !== 'action');

async function list({ invocation, json, terminal }: Call): Promise<number> {
  const rows = listed(loadSettings(invocation), storedRules(homeOf(invocation)));
  if (json) terminal.out(listedJson(rows));
  else terminal.out(rows.length > 0 ? listedText(rows) : `no rules yet; ${terminal.self} rules add --help shows how to make one`);
  return EXIT.ok;
}

async function add(call: Call): Promise<number> {
  const { args, invocation } = call;
  const [word, ...others] = wordsOf(call);
  if (others.length > 0 || (word !== undefined && args.id !== undefined)) throw usage('add takes one id: --id NAME');
  const rule = asUsage(() => parseRule(RULE_GRAMMAR, { id: word, ...given(args, RULE_MEMBERS) }));
  refuseTaken(loadSettings(invocation), rule.id);
  return changeRules(call, [rule.id], (rules) => rules.add(rule, placeOf(call) ?? 'last'));
}

async function edit(call: Call): Promise<number> {
  const [id] = one(call);
  const members = given(call.args, MEMBERS);
  const without = (call.args.without ?? []) as readonly string[];
  const odd = without.find((name) => !OPTIONAL.includes(name));
  if (odd !== undefined) throw usage(`--without takes ${OPTIONAL.join(', ')}, not «${odd}»${didYouMean(odd, OPTIONAL)}`);
  if (Object.keys(members).length + without.length === 0) throw usage(`edit «${id}» to what? Give --action, --kinds and so on`);
  return changeRules(call, [id], (rules) =>
    asUsage(() =>
      rules.edit(id, (before) => Object.fromEntries(Object.entries({ ...before, ...members }).filter(([name]) => !without.includes(name)))),
    ),
  );
}

async function remove(call: Call): Promise<number> {
  const ids = some(call);
  return changeRules(call, ids, (rules) => rules.remove(ids));
}

async function enable(call: Call): Promise<number> {
  const ids = some(call);
  const loaded = loadSettings(call.invocation);
  return changeRules(call, ids, (rules) => {
    rules.enable(ids, true);
    for (const id of ids) refuseTaken(loaded, id);
  });
}

async function disable(call: Call): Promise<number> {
  const ids = some(call);
  return changeRules(call, ids, (rules) => rules.enable(ids, false));
}

async function move(call: Call): Promise<number> {
  const [id] = one(call);
  const place = placeOf(call);
  if (place === undefined) throw usage(`move «${id}» where? Give --first, --last, --before ID or --after ID`);
  return changeRules(call, [id], (rules) => rules.move(id, place));
}

function given(args: Call['args'], names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.flatMap((name) => (args[name] === undefined ? [] : [[name, args[name]]])));
}

function placeOf({ args }: Call): RulePlace | undefined {
  const places: RulePlace[] = [
    ...(args.first === true ? ['first' as const] : []),
    ...(args.last === true ? ['last' as const] : []),
    ...(args.before === undefined ? [] : [{ before: String(args.before) }]),
    ...(args.after === undefined ? [] : [{ after: String(args.after) }]),
  ];
  if (places.length > 1) throw usage('a rule goes to one place: one of --first, --last, --before and --after');
  return places[0];
}

function one(call: Call): readonly [string] {
  const [id, ...others] = wordsOf(call);
  if (id === undefined || others.length > 0)
    throw usage(`${String(call.args.command)} takes the id of one rule; ${call.terminal.self} rules list shows them`);
  return [id];
}

function some(call: Call): readonly string[] {
  const ids = [...new Set(wordsOf(call))];
  if (ids.length === 0) throw usage(`${String(call.args.command)} which rule? ${call.terminal.self} rules list shows them`);
  return ids;
}
