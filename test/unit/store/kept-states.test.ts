import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openKeptStates } from '../../../src/store/kept-states.ts';
import { openStore } from '../../../src/store/open.ts';
import { scratchFolder } from '../../support/folder.ts';

function opened() {
  const store = openStore({ path: join(scratchFolder(), 'store.db') });
  onTestFinished(() => store.close());
  return store;
}

test('a row a state: the last one counts, and it is gone when it is dropped', () => {
  const store = opened();
  const keeper = openKeptStates(store, () => 1);
  keeper.put({ machine: 'cooldown', key: '["a"]', state: { level: 1 } });
  keeper.put({ machine: 'cooldown', key: '["a"]', state: { level: 2 } });
  keeper.put({ machine: 'breaker', key: '["a"]', state: {} });
  expect([...keeper.load('cooldown'), ...keeper.load('breaker')]).toEqual(
    expect.arrayContaining([
      { machine: 'cooldown', key: '["a"]', state: { level: 2 } },
      { machine: 'breaker', key: '["a"]', state: {} },
    ]),
  );
  keeper.drop('cooldown', '["a"]');
  keeper.drop('cooldown', 'never there');
  const later = openKeptStates(store, () => 2);
  expect([...later.load('cooldown'), ...later.load('breaker')]).toEqual([{ machine: 'breaker', key: '["a"]', state: {} }]);
});

test('what is no JSON is no state, and too many rows are let go of, the oldest first', () => {
  const store = opened();
  let now = 0;
  const keeper = openKeptStates(store, () => now++);
  store.db.transaction(() => {
    for (let i = 0; i < 10_003; i++) keeper.put({ machine: 'm', key: `${i}`, state: i });
  })();
  store.db.prepare("UPDATE kept_states SET state = 'x' WHERE key = '9000'").run();
  const rows = openKeptStates(store, () => now).load('m');
  expect(rows).toHaveLength(9999);
  expect([rows[0]!.key, rows.at(-1)!.key]).toEqual(['3', '10002']);
});
