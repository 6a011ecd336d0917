// Rules of the store as a file, and back: what was exported and imported again is exported with the same bytes.
// Must not touch the store, nor read a file.
import { Document, isMap, isSeq } from 'yaml';
import { ConfigError, parseConfigText } from '../../src/config-file.ts';
import { didYouMean } from '../../src/nearest.ts';
import { parseRule, RULE_MEMBERS, type RuleError, type RuleGrammar, withoutTwins } from '../../src/rule-schema.ts';
import type { RuleEntry } from '../../src/store/rules.ts';

const VERSION = 1;
const HEADER = ' Rules of Sallyport, in the order in which they decide. They are taken in with: sallyport rules import FILE';
const KEYS = ['version', 'rules'];

/** YAML, ending with a newline. */
export function ruleFileText(entries: readonly RuleEntry[]): string {
  const rules = entries.map(({ rule, enabled }) => {
    const members = RULE_MEMBERS.filter((name) => rule[name] !== undefined).map((name) => [name, rule[name]]);
    return Object.fromEntries(enabled ? members : [...members, ['enabled', false]]) as Record<string, unknown>;
  });
  const doc = new Document({ version: VERSION, rules });
  doc.commentBefore = HEADER;
  const list = doc.get('rules');
  for (const rule of isSeq(list) ? list.items : []) {
    if (!isMap(rule)) continue;
    for (const { value } of rule.items) if (isSeq(value)) value.flow = true;
  }
  // In a block a text that begins with white space before a line end would come back without it.
  return doc.toString({ lineWidth: 0, flowCollectionPadding: false, blockQuote: false });
}

/** Every rule checked. Throws ConfigError of one line that says where the text is wrong; `file` is what it is called. */
export function parseRuleFile(file: string, text: string, grammar: RuleGrammar): readonly RuleEntry[] {
  const { values, place } = parseConfigText(file, text, 'version: 1 and rules: […]');
  const fail = (path: readonly PropertyKey[], line: string): never => {
    throw new ConfigError('file', `${place(path)}: ${line}`);
  };
  const odd = Object.keys(values).find((key) => !KEYS.includes(key));
  if (odd !== undefined) fail([odd], `unknown key «${odd}»${didYouMean(odd, KEYS)}`);
  const { version, rules } = values;
  if (version !== VERSION)
    fail(['version'], `version must be ${VERSION}, ${version === undefined ? 'and it is missing' : `not ${version}`}`);
  if (!Array.isArray(rules)) return fail(['rules'], 'rules must be a list, such as «- {id: no-mail, kinds: [email], action: block}»');
  const entries = rules.map((raw: unknown, i): RuleEntry => {
    if (typeof raw !== 'object' || raw === null || Array.isArray(raw))
      return fail(['rules', i], `rules[${i}]: a rule must be keys and values`);
    const { enabled = true, ...members } = raw as Readonly<Record<string, unknown>>;
    if (typeof enabled !== 'boolean') return fail(['rules', i, 'enabled'], `rules[${i}].enabled: must be true or false`);
    try {
      return { rule: parseRule(grammar, members), enabled };
    } catch (thrown) {
      const { member, message } = thrown as RuleError;
      return fail(['rules', i, member], `rules[${i}]${member === '' ? '' : `.${member}`}: ${message}`);
    }
  });
  try {
    withoutTwins(entries.map(({ rule }) => rule));
  } catch (thrown) {
    fail(['rules'], (thrown as Error).message);
  }
  return entries;
}
