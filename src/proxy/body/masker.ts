// The masker of an exchange, and the notes of what was found and changed by it and by guardrails.
// It must not know where a text stands.
import type { FindingRules } from '../../rules/masking/finding-rules.ts';
import { createMasker, type Edit, type Masker, type Scan } from '../../rules/masking/mask.ts';
import type { Policy } from '../../rules/policy.ts';
import type { Exchange } from '../exchange.ts';
import type { Conductor } from '../house.ts';

const maskers = new WeakMap<Policy, Map<FindingRules, Masker>>();

/** One for all exchanges that the same rules apply to. */
export function maskerFor(house: Conductor, { policy, connection, profile, route }: Exchange): Masker {
  const own = maskers.get(policy) ?? new Map<FindingRules, Masker>();
  maskers.set(policy, own);
  const rules = policy.findingRulesFor(connection.authority, route?.provider.name ?? '', profile.rules);
  let masker = own.get(rules);
  if (!masker) {
    const { placeholders, knownValues: known } = house.options;
    const standIns = policy.inject.flatMap(({ replaces }) => replaces ?? []);
    masker = createMasker({ placeholders, actions: policy.mask, rules, known, standIns });
    own.set(rules, masker);
  }
  return masker;
}

/** Notes what was found. */
export function note(x: Exchange, { counts, byRule }: Pick<Scan, 'counts' | 'byRule'>): void {
  for (const kind in counts) x.notes.edits[kind] = (x.notes.edits[kind] ?? 0) + counts[kind]!;
  for (const rule in byRule) x.notes.rules[rule] = (x.notes.rules[rule] ?? 0) + byRule[rule]!;
}

/** What guardrails had changed. */
export function noteEdits(x: Exchange, edits: readonly Edit[]): void {
  for (const { kind } of edits) {
    x.notes.edits[kind] = (x.notes.edits[kind] ?? 0) + 1;
    x.notes.rules[kind] = (x.notes.rules[kind] ?? 0) + 1;
  }
}
