// Judges whether a text gives orders that are not its own to give. A stand-in that knows the plainest phrases of each kind.
// It must not know where the text came from, nor what is done about it.

/** What an injected order is after. */
export type InjectionKind = 'system-override' | 'role-hijack' | 'delimiter' | 'jailbreak' | 'instruction-leak' | 'exfiltration';

/** What is thought of a text. */
export interface Judgement {
  /** From 0 to 1. */
  readonly score: number;
  readonly label: 'injection' | 'benign';
  readonly kinds: readonly InjectionKind[];
}

/** From this score on a text is called an injection. */
export const WARN_AT = 0.5;
/** From this score on hardly any honest text is met. */
export const BLOCK_AT = 0.9;

const PHRASES: readonly (readonly [kind: InjectionKind, phrase: RegExp])[] = [
  ['system-override', /\b(?:ignore|disregard|forget) (?:all )?(?:the |your )?(?:previous|prior|above) (?:instructions|rules)\b/i],
  ['role-hijack', /\byou are now (?:an?|the) (?:unrestricted|unfiltered)\b/i],
  ['delimiter', /<\|im_start\|>system\b/i],
  ['jailbreak', /\bdo anything now\b/i],
  ['instruction-leak', /\b(?:print|reveal|repeat) (?:me )?your system prompt\b/i],
];

/** Linear in the length of the text. */
export function judge(text: string): Judgement {
  const kinds = PHRASES.filter(([, phrase]) => phrase.test(text)).map(([kind]) => kind);
  if (kinds.length === 0) return { score: 0, label: 'benign', kinds };
  return { score: kinds.length === 1 ? WARN_AT : BLOCK_AT, label: 'injection', kinds };
}
