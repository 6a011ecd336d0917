// The table of what outlives the daemon of the machines that look after providers: one row a state, plain JSON without a secret.
// Must not know what a state means; whoever reads one looks at it before believing it.
import type { KeptState, StateKeeper } from '../rules/resilience/kept-state.ts';
import type { Store } from './open.ts';

interface Row {
  readonly machine: string;
  readonly key: string;
  readonly state: string;
}

/** More rows than any daemon keeps: what is left of an older one goes, the oldest first. */
const MAX_ROWS = 10_000;

/** Opens the table. */
export function openKeptStates({ db }: Store, now: () => number): StateKeeper {
  const select = db.prepare('SELECT machine, key, state FROM kept_states WHERE machine = ? ORDER BY changed_at_ms');
  const upsert = db.prepare(
    `INSERT INTO kept_states (machine, key, state, changed_at_ms) VALUES (?, ?, ?, ?)
     ON CONFLICT (machine, key) DO UPDATE SET state = excluded.state, changed_at_ms = excluded.changed_at_ms`,
  );
  const erase = db.prepare('DELETE FROM kept_states WHERE machine = ? AND key = ?');
  const tidy = db.prepare(
    'DELETE FROM kept_states WHERE rowid IN (SELECT rowid FROM kept_states ORDER BY changed_at_ms DESC LIMIT -1 OFFSET ?)',
  );
  tidy.run(MAX_ROWS);
  return {
    load: (machine) => (select.all(machine) as Row[]).flatMap(read),
    put: ({ machine, key, state }) => void upsert.run(machine, key, JSON.stringify(state), now()),
    drop: (machine, key) => void erase.run(machine, key),
  };
}

/** A row that is no JSON is no state. */
function read({ machine, key, state }: Row): KeptState[] {
  try {
    return [{ machine, key, state: JSON.parse(state) }];
  } catch {
    return [];
  }
}
