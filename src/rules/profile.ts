// A profile: what a group of clients may do, and what is kept of it. Every exchange has one; where nothing else was said it is `default`.
// Must not know where profiles are kept, nor who checks a limit.

/** What is kept of an exchange: nothing, its row, or its row and what was asked to be captured, masked. */
export type ProfileLog = 'none' | 'meta' | 'masked';

/** What happens once a budget of the day is used up: it is said in the log, or requests are refused too. */
export type OverBudget = 'warn' | 'refuse';

/** One profile. */
export interface Profile {
  readonly name: string;
  /** Names of rules with `+` for those it adds and `-` for those it does without. */
  readonly rules: readonly string[];
  /** Names of the vault's entries it may use; `*`: all of them. */
  readonly vault: readonly string[];
  readonly requestsPerMinute: number | undefined;
  /** Tokens of models, in and out, in a local day. */
  readonly tokensPerDay: number | undefined;
  /** USD, as the prices have it. */
  readonly moneyPerDay: number | undefined;
  readonly overBudget: OverBudget;
  readonly log: ProfileLog;
  /** Until when bodies are captured with `log: masked`, ms since the epoch; then it is as `meta`. */
  readonly maskedUntilMs: number | undefined;
}

/** The profile of whoever brings no other. It is always there. */
export const DEFAULT_PROFILE: Profile = Object.freeze({
  name: 'default',
  rules: [],
  vault: ['*'],
  requestsPerMinute: undefined,
  tokensPerDay: undefined,
  moneyPerDay: undefined,
  overBudget: 'warn',
  log: 'meta',
  maskedUntilMs: undefined,
});

/** What `log` may be. */
export const PROFILE_LOGS: readonly ProfileLog[] = ['none', 'meta', 'masked'];

/** What `overBudget` may be. */
export const OVER_BUDGETS: readonly OverBudget[] = ['warn', 'refuse'];

/** Whether the text can be the name of a profile. It goes into the user part of a proxy URL, so it needs no escapes there. */
export function isProfileName(text: string): boolean {
  return /^[a-z0-9][a-z0-9._-]{0,31}$/.test(text);
}

/** Whether bodies of its exchanges are kept, masked. */
export function capturesBodies({ log, maskedUntilMs = 0 }: Profile, nowMs: number): boolean {
  return log === 'masked' && nowMs < maskedUntilMs;
}

/** Whether a profile may use an entry of the vault. */
export function mayUseEntry({ vault }: Profile, entry: string): boolean {
  return vault.includes('*') || vault.includes(entry);
}
