// Watching the store: commits of others are seen, our own are not.
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openStore, type Store } from '../../../src/store/open.ts';
import { watchStore } from '../../../src/store/watch.ts';
import { scratchFolder } from '../../support/folder.ts';

function setUp() {
  const path = join(scratchFolder(), 's.db');
  const open = (): Store => {
    const store = openStore({ path });
    onTestFinished(() => store.close());
    return store;
  };
  const [mine, other] = [open(), open()];
  let task: (() => void) | undefined;
  let changes = 0;
  const watch = watchStore(mine, {
    everyMs: 500,
    schedule: (next) => {
      task = next;
      return () => {
        task = undefined;
      };
    },
    onChange: () => {
      changes++;
    },
  });
  const write = (store: Store, name: string) => store.db.prepare('INSERT INTO own_keys VALUES (?, ?)').run(name, 'x');
  return { mine, other, watch, write, look: () => task?.(), changes: () => changes };
}

test('a commit of another connection is told once', () => {
  const { other, write, look, changes } = setUp();
  look();
  expect(changes()).toBe(0);
  write(other, 'a');
  write(other, 'b');
  look();
  look();
  expect(changes()).toBe(1);
});

test('our own commits are none of it, and after close nothing is', () => {
  const { mine, other, watch, write, look, changes } = setUp();
  write(mine, 'a');
  look();
  expect(changes()).toBe(0);
  watch.close();
  write(other, 'b');
  look();
  expect(changes()).toBe(0);
});

test('a store that cannot be read for a moment is looked at the next time', () => {
  const { mine, look, changes } = setUp();
  mine.close();
  look();
  expect(changes()).toBe(0);
});
