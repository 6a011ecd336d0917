// What of the machines outlives the daemon: one row for each state that is worth it.
// Must not know who keeps the rows.

/** One row. `state` is plain JSON; it is looked at before it is believed. */
export interface KeptState {
  readonly machine: string;
  /** What the machine is of: the JSON text of an array. */
  readonly key: string;
  readonly state: unknown;
}

/** Keeps the rows. Each of them may throw: the machines go on without. */
export interface StateKeeper {
  /** Those of one machine, the oldest first. */
  load(machine: string): readonly KeptState[];
  put(row: KeptState): void;
  drop(machine: string, key: string): void;
}
