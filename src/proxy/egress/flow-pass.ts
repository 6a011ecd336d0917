// The pass of one request that left: what came of it is told here, to every machine that wants to know, as soon as it is known: the head of
// the reply, the words of a refusal, the end. Each may come once, in that order, and none has to. It must not hold a reply up.
import type { Fault, FaultCode } from '../../fault.ts';
import type { ReplyHead } from '../../headers.ts';
import { type Outcome, outcomeOf, reportBreaker } from '../../rules/resilience/breaker.ts';
import { hitCooldown, releaseCooldown, succeedCooldown } from '../../rules/resilience/cooldown.ts';
import type { FlowSettings } from '../../rules/resilience/flow-settings.ts';
import { hintMs } from '../../rules/resilience/hints.ts';
import type { Sent } from '../../rules/resilience/leave.ts';
import { learnLimits, settleLimiter } from '../../rules/resilience/limiter.ts';
import { type KeptReply, reportLockout } from '../../rules/resilience/lockout.ts';
import { isMiss } from '../../rules/resilience/miss.ts';
import type { FlowKeys, FlowMachines } from './flow-machines.ts';

/** What a request was let go with. */
export interface Ticket {
  readonly keys: FlowKeys;
  /** As what it was let go by which machine. */
  readonly sent: { readonly cooldown: Sent; readonly breaker: Sent };
  /** Tokens that the limiter holds for it. */
  readonly reserved: number;
  /** Wall clock, ms. */
  readonly sentMs: number;
  readonly modes: FlowSettings['modes'];
}

/** One request that may go. */
export interface Pass {
  readonly kind: 'pass';
  /** How long it stood in line, ms. */
  readonly waitedMs: number;
  /** The head of the reply. True: its body is worth telling too. */
  replied(reply: ReplyHead): boolean;
  /** The body of a refusal, as its text and as it is to be said again. */
  said(text: string, reply: KeptReply | undefined): void;
  /** The exchange has ended, with the tokens that the prompt took, as far as the reply said. */
  ended(fault: Fault | undefined, tokensIn: number | undefined): void;
}

/** What a pass is made with. */
export interface PassParts {
  readonly machines: FlowMachines;
  readonly now: () => number;
  readonly random: () => number;
  readonly ticket: Ticket;
  readonly waitedMs: number;
  /** Those that wait for this key have reason to look again. */
  readonly wake: (key: string) => void;
}

/** Faults that say that the provider did not answer as it should; the way to it has a breaker of its own. */
const FAILURES: ReadonlySet<FaultCode> = new Set(['upstream-cut', 'upstream-silent', 'upstream-protocol', 'reply-unreadable']);
/** Statuses with which a provider may say that a model is not for this credential. */
const MISSES: ReadonlySet<number> = new Set([400, 403, 404]);

/** It was counted and judged, so nobody asks for a pause: a request that is wrong in itself too. */
function isTaken(status: number): boolean {
  return status < 400 || status === 400 || status === 404 || status === 413 || status === 422;
}

/** Opens it. */
export function openPass({ machines, now, random, ticket, waitedMs, wake }: PassParts): Pass {
  const { cooldown, limiter, breaker, lockout } = machines;
  const { keys, sent, modes } = ticket;
  let head: ReplyHead | undefined;

  const hit = (hint: number | undefined): void => {
    const how = { ...sent.cooldown, ...(hint !== undefined && { hintMs: hint }) };
    cooldown.set(keys.credential, hitCooldown(cooldown.get(keys.credential), now(), how, random));
  };
  const release = (): void => cooldown.set(keys.credential, releaseCooldown(cooldown.get(keys.credential), now(), sent.cooldown));
  const tell = (outcome: Outcome, as: Sent): void => {
    if (modes.breaker === 'off') return;
    breaker.set(keys.family, reportBreaker(breaker.get(keys.family), now(), { ...as, outcome }));
  };
  const cool = (reply: ReplyHead, hint: number | undefined): void => {
    if (modes.cooldown === 'off') return;
    const state = cooldown.get(keys.credential);
    if (reply.status === 429) hit(hint);
    else if (isTaken(reply.status)) cooldown.set(keys.credential, succeedCooldown(state, now(), sent.cooldown));
    else release();
  };

  return {
    kind: 'pass',
    waitedMs,
    replied(reply) {
      head = reply;
      if (modes.limiter !== 'off') limiter.set(keys.credential, learnLimits(limiter.get(keys.credential), now(), reply.headers));
      const hint = reply.status === 429 ? hintMs(reply, '', now()) : undefined;
      cool(reply, hint);
      tell(outcomeOf(reply.status), sent.breaker);
      if (reply.status < 400 && modes.lockout !== 'off')
        lockout.set(keys.model, reportLockout(lockout.get(keys.model), now(), { kind: 'hit' }));
      wake(keys.credential);
      return (
        (reply.status === 429 && hint === undefined && modes.cooldown !== 'off') || (MISSES.has(reply.status) && modes.lockout !== 'off')
      );
    },
    said(text, reply) {
      if (head?.status === 429) {
        const hint = hintMs(head, text, now());
        if (hint !== undefined) hit(hint);
      } else if (head && reply && isMiss(head.status, text)) {
        lockout.set(keys.model, reportLockout(lockout.get(keys.model), now(), { kind: 'miss', reply }));
      }
    },
    ended(fault, tokensIn) {
      const isFailure = fault !== undefined && FAILURES.has(fault.code);
      if (!head) {
        tell(isFailure ? 'failure' : 'none', sent.breaker);
        if (modes.cooldown !== 'off') release();
        wake(keys.credential);
      } else if (isFailure) tell('failure', { ...sent.breaker, isProbe: false });
      const used = tokensIn ?? ticket.reserved;
      if (modes.limiter !== 'off' && used !== ticket.reserved) {
        limiter.set(keys.credential, settleLimiter(limiter.get(keys.credential), now(), { reserved: ticket.reserved, used }));
      }
    },
  };
}
