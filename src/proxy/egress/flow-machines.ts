// Every machine with its states, and what each is kept by: a host alone for what concerns the way to it, with the family of the model for
// its faults, with the credential too for limits. Keys are read by people and by `reset`, so they are plain JSON.
import type { Logger } from 'pino';
import { type Breaker, CLOSED, worthKeeping as isBreakerTransition, reviveBreaker } from '../../rules/resilience/breaker.ts';
import { type Cooldown, worthKeeping as isCooldownTransition, REST, reviveCooldown } from '../../rules/resilience/cooldown.ts';
import { modelFamily } from '../../rules/resilience/family.ts';
import type { StateKeeper } from '../../rules/resilience/kept-state.ts';
import { worthKeeping as isLimiterTransition, type Limiter, reviveLimiter, UNLIMITED } from '../../rules/resilience/limiter.ts';
import { worthKeeping as isLockoutTransition, type Lockout, reviveLockout, UNLOCKED } from '../../rules/resilience/lockout.ts';
import { openStates, type States } from './flow-states.ts';

/** All states there are. */
export interface FlowMachines {
  readonly cooldown: States<Cooldown>;
  readonly limiter: States<Limiter>;
  readonly breaker: States<Breaker>;
  /** Of the way to a host: names, connections, handshakes. */
  readonly way: States<Breaker>;
  readonly lockout: States<Lockout>;
}

/** Reads back what was kept. */
export function openMachines(keeper: StateKeeper | undefined, log: Logger, nowMs: number): FlowMachines {
  const breakers = { rest: CLOSED, revive: reviveBreaker, worthKeeping: isBreakerTransition };
  return {
    cooldown: openStates({ name: 'cooldown', rest: REST, revive: reviveCooldown, worthKeeping: isCooldownTransition }, keeper, log, nowMs),
    limiter: openStates({ name: 'limiter', rest: UNLIMITED, revive: reviveLimiter, worthKeeping: isLimiterTransition }, keeper, log, nowMs),
    breaker: openStates({ name: 'breaker', ...breakers }, keeper, log, nowMs),
    way: openStates({ name: 'way', ...breakers }, keeper, log, nowMs),
    lockout: openStates({ name: 'lockout', rest: UNLOCKED, revive: reviveLockout, worthKeeping: isLockoutTransition }, keeper, log, nowMs),
  };
}

/** The keys of one request. */
export interface FlowKeys {
  /** [host, family, credential]: cooldown and limiter. */
  readonly credential: string;
  /** [host, family]: breaker. */
  readonly family: string;
  /** [host, model, credential]: lockout. */
  readonly model: string;
}

/** What of a request makes its keys. */
export function keysOf({
  host,
  model,
  credential,
}: {
  readonly host: string;
  readonly model: string;
  readonly credential: string;
}): FlowKeys {
  const family = modelFamily(model);
  return {
    credential: JSON.stringify([host, family, credential]),
    family: JSON.stringify([host, family]),
    model: JSON.stringify([host, model, credential]),
  };
}

/** The key of the way to a host. */
export function wayKey(host: string): string {
  return JSON.stringify([host]);
}
