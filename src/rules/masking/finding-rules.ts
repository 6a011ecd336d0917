// Users' own rules about findings: which apply to an exchange, what the first that matches a finding says, and detectors for the
// patterns among them. It must not know how a finding is edited, nor where rules come from.
import type { Authority } from '../../authority.ts';
import { Fault } from '../../fault.ts';
import { type HostPattern, matchesHost } from '../host-pattern.ts';
import { compilePattern, type Pattern } from '../pattern.ts';
import type { Detector } from './detector.ts';
import { DEFAULT_ACTIONS, type Kind, type MaskAction } from './kinds.ts';

/** One rule as the configuration has it. What is not given matches everything; a `pattern` makes findings of its own and matches only those. */
export interface FindingRule {
  readonly id: string;
  readonly kinds?: readonly string[] | undefined;
  readonly detectors?: readonly string[] | undefined;
  readonly pattern?: string | undefined;
  /** The word in placeholders of the pattern's findings. */
  readonly word?: string | undefined;
  readonly hosts?: readonly HostPattern[] | undefined;
  readonly providers?: readonly string[] | undefined;
  readonly action: MaskAction;
  /** It holds only for profiles that add it. */
  readonly idle?: true | undefined;
}

/** A pattern and what names its findings. */
export interface PatternDetector {
  readonly detector: Detector;
  readonly pattern: Pattern;
}

/** What a finding meets. */
export interface Decision {
  readonly action: MaskAction;
  /** The rule that said so; undefined: the action of its kind. */
  readonly rule: string | undefined;
}

/** The rules of one kind of exchange. The same object for exchanges that the same rules apply to. */
export interface FindingRules {
  /** Empty where no rule applies. */
  readonly rules: readonly FindingRule[];
  readonly patterns: readonly PatternDetector[];
  /** What happens to a finding of the detector; `actions` are those of the kinds. */
  decide(detector: Detector, actions: Readonly<Partial<Record<Kind, MaskAction>>>): Decision;
}

/** The word where a rule gives none. */
const WORD = 'CUSTOM';

/** The rules for an authority, a provider's name and a profile's list: `+id` adds an idle rule, `-id` does without one. Fault rule-denied for `+id` where there is no such rule. */
export type RulesFor = (authority: Authority, provider: string, profile?: readonly string[]) => FindingRules;

/** Compiles rules. Throws an Error of one line for a pattern that is none. */
export function compileFindingRules(rules: readonly FindingRule[]): RulesFor {
  const patterns = new Map<FindingRule, PatternDetector>();
  for (const rule of rules)
    if (rule.pattern !== undefined) patterns.set(rule, { detector: detectorOf(rule), pattern: compilePattern(rule.pattern) });
  const known = new Map<string, FindingRules>();
  return (authority, provider, profile = []) => {
    refuseUnknown(rules, profile);
    const own = rules.filter(
      ({ id, idle, hosts, providers }) =>
        !profile.includes(`-${id}`) &&
        (!idle || profile.includes(`+${id}`)) &&
        (hosts === undefined || hosts.some((host) => matchesHost(host, authority))) &&
        (providers === undefined || providers.includes(provider)),
    );
    const key = own.map((rule) => rules.indexOf(rule)).join();
    let compiled = known.get(key);
    if (!compiled) {
      compiled = rulesOf(own, patterns);
      known.set(key, compiled);
    }
    return compiled;
  };
}

/** A profile that is to be kept from something, and is not, would protect nobody. */
function refuseUnknown(rules: readonly FindingRule[], profile: readonly string[]): void {
  const unknown = profile.find((name) => name.startsWith('+') && !rules.some(({ id }) => name === `+${id}`));
  if (unknown !== undefined) throw new Fault('rule-denied', `the profile adds the rule ${unknown.slice(1)}, which there is not`);
}

/** Where there are no rules. */
export const NO_RULES: FindingRules = rulesOf([], new Map());

function rulesOf(rules: readonly FindingRule[], patterns: ReadonlyMap<FindingRule, PatternDetector>): FindingRules {
  const own = rules.flatMap((rule) => patterns.get(rule) ?? []);
  return {
    rules,
    patterns: own,
    decide(detector, actions) {
      const rule = rules.find((one) => matches(one, detector, patterns));
      if (rule) return { action: rule.action, rule: rule.id };
      return { action: actions[detector.kind] ?? DEFAULT_ACTIONS[detector.kind], rule: undefined };
    },
  };
}

function matches(rule: FindingRule, detector: Detector, patterns: ReadonlyMap<FindingRule, PatternDetector>): boolean {
  const own = patterns.get(rule);
  if (own) return own.detector === detector;
  return (
    (rule.kinds === undefined || rule.kinds.includes(detector.kind)) &&
    (rule.detectors === undefined || rule.detectors.includes(detector.name))
  );
}

/** Its kind is the rule: findings are counted by it. */
function detectorOf({ id, word = WORD }: FindingRule): Detector {
  return { name: id, kind: id as Kind, word, anchors: [], find: () => undefined, examples: { yes: [], no: [] } };
}
