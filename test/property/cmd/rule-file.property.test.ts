// Any rules: written into a store, exported, imported into another and exported again, they are the same bytes.
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { parseRuleFile, ruleFileText } from '../../../cmd/rules/rule-file.ts';
import { RULE_GRAMMAR } from '../../../cmd/settings.ts';
import { parseRule, RULE_ACTIONS, type Rule } from '../../../src/rule-schema.ts';
import { openStore } from '../../../src/store/open.ts';
import { openRules, type RuleEntry } from '../../../src/store/rules.ts';
import { scratchFolder } from '../../support/folder.ts';

const some = (names: readonly string[]) => fc.option(fc.subarray([...names], { minLength: 1 }), { nil: undefined });
const id = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9][\w.-]{0,12}$/),
  fc.constantFrom('true', 'null', '1', '0x10', '1e3', '.5', '2026-11-25', '0o7', 'NO', '1_000'),
);
const pattern = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }),
  fc.string({
    unit: fc.constantFrom('\n', '\t', ' ', '\r', '#', ':', '- ', '"', "'", '\\\\', '\u0085', '\u2028', '\uFEFF', '\u007F', 'x', '%', '🙂'),
  }),
);
const where = { hosts: some(['api.openai.com', '*.example.com', '*', '::1', '127.0.0.1']), providers: some(RULE_GRAMMAR.providers!) };
const raw = fc.oneof(
  fc.record({
    id,
    action: fc.constantFrom(...RULE_ACTIONS),
    kinds: some(Object.keys(RULE_GRAMMAR.kinds)),
    detectors: some(RULE_GRAMMAR.detectors!),
    ...where,
  }),
  fc.record({
    id,
    action: fc.constantFrom(...RULE_ACTIONS),
    pattern,
    word: fc.option(fc.constantFrom('TRUE', 'NULL', 'NO', 'TICKET'), { nil: undefined }),
    ...where,
  }),
);

function parsed(value: unknown): Rule[] {
  try {
    return [parseRule(RULE_GRAMMAR, JSON.parse(JSON.stringify(value)))];
  } catch {
    // A pattern that is none, or a kind's name.
    return [];
  }
}

const entries = fc
  .uniqueArray(fc.record({ raw, enabled: fc.boolean() }), { selector: (entry) => entry.raw.id, maxLength: 8 })
  .map((list) => list.flatMap((entry): RuleEntry[] => parsed(entry.raw).map((rule) => ({ rule, enabled: entry.enabled }))));

test('rules go round byte for byte, and mean the same', () => {
  const folder = scratchFolder();
  const tables = ['one', 'other'].map((name) => {
    const store = openStore({ path: join(folder, `${name}.db`) });
    onTestFinished(() => store.close());
    const table = openRules(store, RULE_GRAMMAR, () => 1);
    const kept = () => table.all().map(({ rule, enabled }): RuleEntry => ({ rule: rule!, enabled }));
    return { take: (list: readonly RuleEntry[]) => table.take(list, { replace: true }), kept };
  });
  const [one, other] = tables as [(typeof tables)[0], (typeof tables)[0]];
  let patterns = 0;
  fc.assert(
    fc.property(entries, (list) => {
      patterns += list.filter(({ rule }) => rule.pattern !== undefined).length;
      one.take(list);
      expect(one.kept()).toEqual(list);
      const bytes = Buffer.from(ruleFileText(one.kept()));
      other.take(parseRuleFile('rules.yaml', bytes.toString(), RULE_GRAMMAR));
      expect(other.kept()).toEqual(list);
      expect(Buffer.from(ruleFileText(other.kept())).equals(bytes)).toBe(true);
    }),
    { numRuns: 150 },
  );
  expect(patterns).toBeGreaterThan(50);
});
