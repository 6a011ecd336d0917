// The states of one kind of machine, by key: in memory for whoever asks, written down on transitions only, read back at the start.
// A store that fails costs the memory of a state over a restart, never an exchange. It must not know what a machine does.
import type { Logger } from 'pino';
import type { StateKeeper } from '../../rules/resilience/kept-state.ts';

/** A machine, as far as its states have to be kept. */
export interface MachineKind<S> {
  readonly name: string;
  readonly rest: S;
  /** Undefined for what is no state of it. */
  revive(kept: unknown, nowMs: number): S | undefined;
  /** Whether the step is a transition. */
  worthKeeping(before: S, after: S): boolean;
}

/** The states of one kind. */
export interface States<S> {
  get(key: string): S;
  set(key: string, next: S): void;
  /** Back to rest, as if it had never been. */
  drop(key: string): void;
  entries(): IterableIterator<[string, S]>;
}

/** Models are named by clients: what was not touched for longest makes room. */
const MAX_KEYS = 2000;

/** Opens one kind. */
export function openStates<S>(kind: MachineKind<S>, keeper: StateKeeper | undefined, log: Logger, nowMs: number): States<S> {
  const states = new Map<string, S>();
  const kept = new Set<string>();
  const safely = (act: () => void): void => {
    try {
      act();
    } catch (err) {
      log.warn({ err, machine: kind.name }, 'a state could not be written down, it is lost with the next restart');
    }
  };
  safely(() => {
    for (const { key, state } of keeper?.load(kind.name) ?? []) {
      kept.add(key);
      const alive = kind.revive(state, nowMs);
      if (alive !== undefined) states.set(key, alive);
    }
  });
  const forget = (key: string): void => {
    states.delete(key);
    if (kept.delete(key)) safely(() => keeper?.drop(kind.name, key));
  };
  return {
    get: (key) => states.get(key) ?? kind.rest,
    set(key, next) {
      const before = states.get(key) ?? kind.rest;
      if (next === before) return;
      states.delete(key);
      states.set(key, next);
      if (kind.worthKeeping(before, next)) {
        kept.add(key);
        safely(() => keeper?.put({ machine: kind.name, key, state: next }));
      }
      if (states.size > MAX_KEYS) forget(states.keys().next().value as string);
    },
    drop: forget,
    entries: () => states.entries(),
  };
}
