// Users' own rules about findings: which apply to an exchange, what the first that matches a finding says, and detectors for the
// patterns among them. It must not know how a finding is edited, nor where rules come from.
import type { Authority } from '../../authority.ts';
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

/** Compiles rules; the answer is the rules for an authority and a provider's name. Throws an Error of one line for a pattern that is none. */
export function compileFindingRules(rules: readonly FindingRule[]): (authority: Authority, provider: string) => FindingRules {
  const patterns = new Map<FindingRule, PatternDetector>();
  for (const rule of rules)
    if (rule.pattern !== undefined) patterns.set(rule, { detector: detectorOf(rule), pattern: compilePattern(rule.pattern) });
  const known = new Map<string, FindingRules>();
  return (authority, provider) => {
    const own = rules.filter(
      ({ hosts, providers }) =>
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
