// The actions of `sallyport rules` that list, change, export and import the rules of the store, each from a call to its exit code.
// Must not know how rules are kept, nor what they do.
import { existsSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { ConfigError } from '../../src/config-file.ts';
import { didYouMean } from '../../src/nearest.ts';
import { parseRule, RULE_MEMBERS, RuleError } from '../../src/rule-schema.ts';
import { openRules, type RuleEntry, type RulePlace, type RuleTable } from '../../src/store/rules.ts';
import { StoreError } from '../../src/store/store-error.ts';
import { changeStore } from '../change-store.ts';
import type { Call } from '../command.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import { refuseTaken } from '../joined-rules.ts';
import { homeOf, loadSettings, RULE_GRAMMAR } from '../settings.ts';
import { inputsOf, readWhole, writeOut } from './input.ts';
import { inWords, listed, listedJson, listedText } from './listing.ts';
import { parseRuleFile, ruleFileText } from './rule-file.ts';
import { storedRules } from './stored.ts';

/** By the word on the command line. */
export const CHANGES = { list, add, edit, remove, enable, disable, move, export: exportRules, import: importRules } as const;

const MAX_FILE_BYTES = 16 * 1024 * 1024;
/** What `edit` may replace. */
const MEMBERS: readonly string[] = RULE_MEMBERS.filter((name) => name !== 'id');
/** What `edit` may take away. */
const OPTIONAL: readonly string[] = MEMBERS.filter((name) => name !== 'action');

const wordsOf = ({ args }: Call) => (args.names ?? []) as readonly string[];

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
  return change(call, [rule.id], (rules) => rules.add(rule, placeOf(call) ?? 'last'));
}

async function edit(call: Call): Promise<number> {
  const [id] = one(call);
  const members = given(call.args, MEMBERS);
  const without = (call.args.without ?? []) as readonly string[];
  const odd = without.find((name) => !OPTIONAL.includes(name));
  if (odd !== undefined) throw usage(`--without takes ${OPTIONAL.join(', ')}, not «${odd}»${didYouMean(odd, OPTIONAL)}`);
  if (Object.keys(members).length + without.length === 0) throw usage(`edit «${id}» to what? Give --action, --kinds and so on`);
  return change(call, [id], (rules) =>
    asUsage(() =>
      rules.edit(id, (before) => Object.fromEntries(Object.entries({ ...before, ...members }).filter(([name]) => !without.includes(name)))),
    ),
  );
}

async function remove(call: Call): Promise<number> {
  const ids = some(call);
  return change(call, ids, (rules) => rules.remove(ids));
}

async function enable(call: Call): Promise<number> {
  const ids = some(call);
  const loaded = loadSettings(call.invocation);
  return change(call, ids, (rules) => {
    rules.enable(ids, true);
    for (const id of ids) refuseTaken(loaded, id);
  });
}

async function disable(call: Call): Promise<number> {
  const ids = some(call);
  return change(call, ids, (rules) => rules.enable(ids, false));
}

async function move(call: Call): Promise<number> {
  const [id] = one(call);
  const place = placeOf(call);
  if (place === undefined) throw usage(`move «${id}» where? Give --first, --last, --before ID or --after ID`);
  return change(call, [id], (rules) => rules.move(id, place));
}

async function exportRules(call: Call): Promise<number> {
  const [file, ...others] = wordsOf(call);
  if (others.length > 0) throw usage('export takes one file at a time');
  const entries = storedRules(homeOf(call.invocation)).map(({ id, rule, enabled, trouble }): RuleEntry => {
    if (!rule) throw new CommandFailure(EXIT.failed, `the rule «${id}» cannot be read (${trouble}), so it cannot be exported`);
    return { rule, enabled };
  });
  const text = ruleFileText(entries);
  if (file === undefined || file === '-') {
    await writeOut(call.json ? `${JSON.stringify({ rules: entries.length, text })}\n` : text);
    return EXIT.ok;
  }
  writeFile(file, text);
  call.terminal.out(call.json ? JSON.stringify({ rules: entries.length, file }) : `${counted(entries.length)} in ${file}`);
  return EXIT.ok;
}

async function importRules(call: Call): Promise<number> {
  const [file, ...others] = wordsOf(call);
  if (file === undefined || others.length > 0) throw usage('import which file? Name one, or - for standard input');
  const text = (await readWhole(inputsOf([file])[0]!, MAX_FILE_BYTES)).toString();
  const entries = asUsage(() => parseRuleFile(file === '-' ? 'standard input' : file, text, RULE_GRAMMAR));
  const loaded = loadSettings(call.invocation);
  for (const { rule } of entries) refuseTaken(loaded, rule.id);
  const replace = call.args.replace === true;
  return change(call, undefined, (rules) => rules.take(entries, { replace }), `took ${counted(entries.length)} from ${file}`);
}

/** Makes the change and says what there is now of the rules `ids`, or of all. */
async function change(call: Call, ids: readonly string[] | undefined, make: (rules: RuleTable) => void, said?: string): Promise<number> {
  const { args, invocation, json, terminal } = call;
  const action = String(args.command);
  const lines: string[] = [];
  try {
    const made = await changeStore(invocation, ({ store }) => {
      const rules = openRules(store, RULE_GRAMMAR, Date.now);
      const before = snapshot(rules, ids);
      make(rules);
      const after = snapshot(rules, ids);
      for (const { id, text } of action === 'remove' ? before : after) lines.push(`${PAST[action] ?? action} «${id}»: ${text}`);
      const bare = (rows: typeof before) => rows.map(({ text, ...row }) => row);
      return {
        action: `rules ${action}`,
        subject: (ids ?? after.map(({ id }) => id)).join(', '),
        before: bare(before),
        after: bare(after),
      };
    });
    terminal.out(json ? JSON.stringify(made) : (said ?? lines.join('\n')));
  } catch (thrown) {
    if (thrown instanceof StoreError) refuseConfigured(call, ids ?? []);
    throw thrown;
  }
  return EXIT.ok;
}

const PAST: Readonly<Record<string, string>> = {
  add: 'added',
  edit: 'edited',
  remove: 'removed',
  enable: 'enabled',
  disable: 'disabled',
  move: 'moved',
};

function snapshot(rules: RuleTable, ids: readonly string[] | undefined) {
  return rules.all().flatMap(({ id, enabled, rule, trouble }, i) => {
    if (ids && !ids.includes(id)) return [];
    const text = rule ? `${inWords(rule)}; number ${i + 1} in the store` : `it cannot be read (${trouble})`;
    return { id, position: i + 1, enabled, ...(rule ?? { trouble }), text };
  });
}

/** Whoever names a rule of the configuration is told where it stands. */
function refuseConfigured({ invocation }: Call, ids: readonly string[]): void {
  const { config, origins } = loadSettings(invocation);
  const own = ids.find((id) => config.rules.some((rule) => rule.id === id));
  if (own !== undefined)
    throw new CommandFailure(EXIT.failed, `the rule «${own}» stands in ${origins[`rules.${own}`]}, not in the store: change it there`);
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

function usage(line: string): CommandFailure {
  return new CommandFailure(EXIT.usage, line);
}

/** What was typed or read is wrong, not what is stored. */
function asUsage<T>(read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    if (thrown instanceof RuleError) throw usage(optionLine(thrown));
    if (thrown instanceof ConfigError) throw usage(thrown.message);
    throw thrown;
  }
}

function optionLine({ member, message }: RuleError): string {
  if (member === '') return message;
  return `--${member}${message.startsWith('is ') ? '' : ':'} ${message}`;
}

function counted(count: number): string {
  return count === 1 ? '1 rule' : `${count} rules`;
}

/** In the place of a file that is there only when all of it is written. */
function writeFile(file: string, text: string): void {
  try {
    const isDevice = existsSync(file) && !statSync(file).isFile();
    const draft = isDevice ? file : `${file}.${process.pid}.draft`;
    writeFileSync(draft, text, { mode: 0o600 });
    if (!isDevice) renameSync(draft, file);
  } catch (thrown) {
    throw new CommandFailure(EXIT.failed, `${file} cannot be written (${(thrown as NodeJS.ErrnoException).code})`);
  }
}
