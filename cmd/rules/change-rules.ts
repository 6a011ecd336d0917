// A change of the rules of the store by a command: made through the one way there is, and told in a line about each rule or as JSON.
// Must not know which change it is.
import { ConfigError } from '../../src/config-file.ts';
import { RuleError } from '../../src/rule-schema.ts';
import { openRules, type RuleTable } from '../../src/store/rules.ts';
import { StoreError } from '../../src/store/store-error.ts';
import { changeStore } from '../change-store.ts';
import type { Call } from '../command.ts';
import { CommandFailure, EXIT, usage } from '../failure.ts';
import { loadSettings, RULE_GRAMMAR } from '../settings.ts';
import { inWords } from './listing.ts';

/**
 * Makes the change and says what there is now of the rules `ids`; of all of them, taken from a file, `taken` says what there is to say. The exit
 * code; throws what failure.ts explains.
 */
export async function changeRules(
  call: Call,
  ids: readonly string[] | undefined,
  make: (rules: RuleTable) => void,
  taken?: { readonly subject: string; readonly said: string },
): Promise<number> {
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
        subject: taken?.subject ?? ids?.join(', ') ?? '',
        before: bare(before),
        after: bare(after),
      };
    });
    terminal.out(json ? JSON.stringify(made) : (taken?.said ?? lines.join('\n')));
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

/** The words behind the action. */
export function wordsOf({ args }: Call): readonly string[] {
  return (args.names ?? []) as readonly string[];
}

/** Runs what checks words or a file that a user gave: what it throws is a mistake in those. */
export function asUsage<T>(read: () => T): T {
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
