// The shape of one rule about findings: the same in the file, in the store and on the command line. What a rule names must be there, since
// one that is misspelt protects nobody. Must not know where a rule came from, nor what happens to a finding.
import { z } from 'zod';
import { didYouMean } from './nearest.ts';

/** What rules are made of, which a higher floor owns; each function throws an Error whose message says what is wrong. */
export interface RuleGrammar {
  /** A host pattern, checked and lower-cased. */
  readonly hostPattern: (text: string) => string;
  /** Every kind there is, and what happens to it by default. */
  readonly kinds: Readonly<Record<string, RuleAction>>;
  /** A pattern of a rule, as it is. */
  readonly pattern?: (text: string) => string;
  /** What a rule may name; anything where that is not said. */
  readonly detectors?: readonly string[];
  readonly providers?: readonly string[];
}

/** What a rule may do about its findings. */
export const RULE_ACTIONS = ['mask', 'redact', 'warn', 'block', 'off'] as const;

/** One of them. */
export type RuleAction = (typeof RULE_ACTIONS)[number];

/** A rule that was checked. */
export type Rule = z.output<ReturnType<typeof ruleShape>>;

/** The members of a rule, in the order in which they are written. */
export const RULE_MEMBERS = ['id', 'kinds', 'detectors', 'pattern', 'word', 'hosts', 'providers', 'action'] as const;

/** What is no rule. The message is one line. */
export class RuleError extends Error {
  /** The member that is wrong, '' for the whole. */
  readonly member: string;
  constructor(member: string, line: string) {
    super(line);
    this.name = 'RuleError';
    this.member = member;
  }
}

/** Checks one rule. */
export function ruleShape(grammar: RuleGrammar) {
  const kinds = Object.keys(grammar.kinds);
  const listOf = (read: (text: string) => string) =>
    z
      .array(z.string().transform((text, ctx) => attempt(ctx, () => read(text))))
      .min(1, 'is empty, so it would match nothing: left out it matches everything')
      .optional();
  const named = (what: string, known: readonly string[] | undefined) => listOf((name) => among(name, what, known));
  return z
    .strictObject({
      id: z
        .string()
        .regex(/^[A-Za-z0-9][\w.-]{0,63}$/, 'an id has letters, digits, dots, hyphens and underscores, 64 at most')
        .refine((id) => !kinds.includes(id), 'the name of a kind is no id'),
      kinds: named('kind', kinds),
      detectors: named('detector', grammar.detectors),
      pattern: z
        .string()
        .transform((text, ctx) => attempt(ctx, () => grammar.pattern?.(wellFormed(text)) ?? text))
        .optional(),
      word: z
        .string()
        .regex(/^[A-Z]{2,10}$/, 'a word is 2 to 10 capital letters')
        .optional(),
      hosts: listOf(grammar.hostPattern),
      providers: named('provider', grammar.providers),
      action: z.string().transform((text, ctx) => attempt(ctx, () => among(text, 'action', RULE_ACTIONS) as RuleAction)),
    })
    .superRefine(({ id, pattern, kinds: own, detectors, word }, ctx) => {
      if (pattern !== undefined && (own ?? detectors) !== undefined)
        ctx.addIssue({ code: 'custom', message: `the rule «${id}» has a pattern, so it takes neither kinds nor detectors` });
      if (pattern === undefined && word !== undefined)
        ctx.addIssue({ code: 'custom', message: `the rule «${id}» has a word but no pattern` });
    });
}

const shapes = new WeakMap<RuleGrammar, ReturnType<typeof ruleShape>>();

/** Throws RuleError. */
export function parseRule(grammar: RuleGrammar, raw: unknown): Rule {
  const shape = shapes.get(grammar) ?? ruleShape(grammar);
  shapes.set(grammar, shape);
  const result = shape.safeParse(raw);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  throw new RuleError(String(issue.path[0] ?? ''), ruleComplaint(issue));
}

/** What is wrong with a rule or one of its members, in words. */
export function ruleComplaint(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return `unknown key «${issue.keys[0]}»${didYouMean(issue.keys[0]!, RULE_MEMBERS)}`;
  if (issue.code !== 'invalid_type') return issue.message;
  return issue.message.endsWith('received undefined') ? 'is missing' : `expected ${issue.expected}`;
}

/** A rule is named in logs and answers, so no two have one name. Throws an Error. */
export function withoutTwins<T extends { readonly id: string }>(rules: readonly T[]): readonly T[] {
  const ids = rules.map(({ id }) => id);
  const twin = ids.find((id, i) => ids.indexOf(id) < i);
  if (twin !== undefined) throw new Error(`two rules have the id «${twin}»`);
  return rules;
}

/** Turns what is thrown into an issue of the schema. */
export function attempt<T>(ctx: z.RefinementCtx, f: () => T): T {
  try {
    return f();
  } catch (thrown) {
    ctx.addIssue({ code: 'custom', message: (thrown as { detail?: string }).detail ?? (thrown as Error).message });
    return z.NEVER;
  }
}

function wellFormed(text: string): string {
  if (!text.isWellFormed()) throw new Error('the pattern holds half a character');
  return text;
}

function among(name: string, what: string, known: readonly string[] | undefined): string {
  if (known && !known.includes(name)) throw new Error(`there is no ${what} «${name}»${didYouMean(name, known)}`);
  return name;
}
