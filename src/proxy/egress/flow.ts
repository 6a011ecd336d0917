// What stands between phase 6 and a provider: cooldown, breaker and limiter are asked before a request leaves, and hear what came of it.
// Under `observe` they are asked all the same and only counted. Resilience fails open. It must not know what carries a request.
import { Fault } from '../../fault.ts';
import { askBreaker, reportBreaker } from '../../rules/resilience/breaker.ts';
import { askCooldown, releaseCooldown, spreadMs } from '../../rules/resilience/cooldown.ts';
import type { FlowSettings, Mode } from '../../rules/resilience/flow-settings.ts';
import { type Sent, sentAs } from '../../rules/resilience/leave.ts';
import { askLimiter } from '../../rules/resilience/limiter.ts';
import { askLockout, type KeptReply } from '../../rules/resilience/lockout.ts';
import type { After } from '../refresh-flights.ts';
import { type FlowKeys, type FlowMachines, keysOf } from './flow-machines.ts';
import { openPass, type Pass, type Ticket } from './flow-pass.ts';
import { type FlowQueue, type Look, openFlowQueue, type Wait } from './flow-queue.ts';

/** One request that wants to leave. */
export interface FlowAsk {
  readonly settings: FlowSettings;
  /** `host:port`, lower case. */
  readonly host: string;
  /** As the request names it, '' where that is not known. */
  readonly model: string;
  /** Tells credentials apart without holding one. */
  readonly credential: string;
  /** Tokens of the prompt, as far as can be told. */
  readonly tokens: number;
  /** Nobody sits before it. */
  readonly isBackground: boolean;
  /** Aborts when its client leaves. */
  readonly signal: AbortSignal;
}

/** What comes of asking: it may go, or the provider has answered the same often enough. */
export type Entry = Pass | { readonly kind: 'locked'; readonly reply: KeptReply };

/** The machines, to be asked for each request. */
export interface Flow {
  /** Faults cooling-down, breaker-open, rate-limited with the wait that helps, client-gone. */
  enter(ask: FlowAsk): Promise<Entry>;
  /** How many wait for this key. */
  readonly queue: Pick<FlowQueue<Ticket, Why>, 'waiting' | 'wakeAll'>;
}

/** What it is made with. */
export interface FlowParts {
  readonly machines: FlowMachines;
  /** Wall clock, ms. */
  readonly now: () => number;
  readonly random: () => number;
  readonly after: After;
  readonly count: (name: string) => void;
}

/** The same with what it is kept by, which takes some making. */
interface KeyedAsk extends FlowAsk {
  readonly keys: FlowKeys;
}

/** Who makes a request wait. */
type Why = 'cooldown' | 'breaker' | 'limiter';
const CODES = { cooldown: 'cooling-down', breaker: 'breaker-open', limiter: 'rate-limited' } as const;

/** Opens it. */
export function openFlow({ machines, now, random, after, count }: FlowParts): Flow {
  const { cooldown, breaker, limiter, lockout } = machines;
  const queue = openFlowQueue<Ticket, Why>(after);

  /** Whether the wait that a machine asks for is one; what is only observed is counted, and goes. */
  const holds = (mode: Mode, why: Why): boolean => {
    if (mode === 'enforce') return true;
    count(`flow:would-wait:${why}`);
    return false;
  };

  const look = (ask: KeyedAsk): Look<Ticket, Why> => {
    const { modes, requestsPerMinute, tokensPerMinute } = ask.settings;
    const { keys } = ask;
    const nowMs = now();
    const sent: { cooldown: Sent; breaker: Sent } = {
      cooldown: { sentMs: nowMs, isProbe: false },
      breaker: { sentMs: nowMs, isProbe: false },
    };
    const giveBack = (): void => {
      cooldown.set(keys.credential, releaseCooldown(cooldown.get(keys.credential), nowMs, sent.cooldown));
      breaker.set(keys.family, reportBreaker(breaker.get(keys.family), nowMs, { ...sent.breaker, outcome: 'none' }));
    };
    if (modes.cooldown !== 'off') {
      const { state, leave } = askCooldown(cooldown.get(keys.credential), nowMs);
      cooldown.set(keys.credential, state);
      if (leave.kind === 'wait' && holds(modes.cooldown, 'cooldown')) return { waitMs: leave.ms, why: 'cooldown' };
      sent.cooldown = sentAs(leave, nowMs);
    }
    if (modes.breaker !== 'off') {
      const { state, leave } = askBreaker(breaker.get(keys.family), nowMs);
      breaker.set(keys.family, state);
      if (leave.kind === 'wait' && holds(modes.breaker, 'breaker')) {
        giveBack();
        return { waitMs: leave.ms, why: 'breaker' };
      }
      sent.breaker = sentAs(leave, nowMs);
    }
    let reserved = 0;
    if (modes.limiter !== 'off') {
      const own = { ...(requestsPerMinute && { requestsPerMinute }), ...(tokensPerMinute && { tokensPerMinute }) };
      const { state, leave } = askLimiter(limiter.get(keys.credential), nowMs, { tokens: ask.tokens }, own);
      limiter.set(keys.credential, state);
      if (leave.kind === 'wait' && holds(modes.limiter, 'limiter')) {
        giveBack();
        return { waitMs: leave.ms, why: 'limiter' };
      }
      reserved = leave.kind === 'wait' ? 0 : ask.tokens;
    }
    return { go: { keys, sent, reserved, sentMs: nowMs, modes } };
  };

  const refuse = ({ why, waitMs }: Wait<Why>): Fault => {
    count(`flow:refused:${why}`);
    return new Fault(CODES[why], undefined, { retryAfterMs: spreadMs(waitMs, random) });
  };

  /** How long a request waits for whom; a breaker is not worth waiting for unless requests are held. */
  const patience = ({ modes, queueMs, holdMs }: FlowSettings, why: Why): number => {
    const held = modes.hold === 'enforce' ? holdMs : 0;
    return why === 'breaker' ? held : Math.max(queueMs, held);
  };

  const lineUp = async (ask: KeyedAsk, wait: Wait<Why>): Promise<Ticket> => {
    const { keys, settings, isBackground, signal } = ask;
    const patienceMs = patience(settings, wait.why);
    if (wait.waitMs > patienceMs) {
      if (settings.modes.hold === 'observe' && wait.waitMs <= settings.holdMs) count('flow:would-hold');
      throw refuse(wait);
    }
    count(`flow:waited:${wait.why}`);
    const again = (): Look<Ticket, Why> => {
      const found = look(ask);
      // What is never worth waiting for is not now either.
      if ('why' in found && patience(settings, found.why) === 0) throw refuse(found);
      return found;
    };
    return queue.wait(keys.credential, settings.queueDepth, { look: again, isBackground, patienceMs, signal, refusal: refuse }, wait);
  };

  const ticketFor = (ask: KeyedAsk): Ticket | Promise<Ticket> => {
    const ahead = queue.ahead(ask.keys.credential, ask.isBackground);
    if (ahead) return lineUp(ask, ahead);
    const found = look(ask);
    return 'go' in found ? found.go : lineUp(ask, found);
  };

  return {
    queue,
    async enter(ask) {
      const { lockout: mode } = ask.settings.modes;
      const keys = keysOf(ask);
      if (mode !== 'off') {
        const { state, locked } = askLockout(lockout.get(keys.model), now());
        lockout.set(keys.model, state);
        if (locked && mode === 'enforce') {
          count('flow:locked');
          return { kind: 'locked', reply: locked };
        }
        if (locked) count('flow:would-lock');
      }
      const startedAt = now();
      const ticket = await ticketFor({ ...ask, keys });
      return openPass({ machines, now, random, ticket, waitedMs: Math.max(0, ticket.sentMs - startedAt), wake: queue.wake });
    },
  };
}
