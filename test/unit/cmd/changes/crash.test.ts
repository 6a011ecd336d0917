// Killed (SIGKILL) before each single step of making changes and of taking them back: undo, called afterwards, leaves the tree as it was.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openJournal } from '../../../../cmd/changes/journal.ts';
import { undoAll } from '../../../../cmd/changes/undo.ts';
import { makeBoth, plant } from '../../../support/change-driver.ts';
import { scratchFolder } from '../../../support/folder.ts';
import { treeOf } from '../../../support/tree.ts';

const PRELOAD = join(import.meta.dirname, '../../../support/crash-at.mjs');
const DRIVER = join(import.meta.dirname, '../../../support/change-driver.ts');
/** What the launcher uses: a program that starts a hundred times should not be compiled a hundred times. */
const COMPILED = join(import.meta.dirname, '../../../../node_modules/.cache/sallyport');
const AT_ONCE = 4;

/** What is left of it; undefined when the program came to its end before that step. */
async function leftAt(step: number, what: 'make' | 'undo'): Promise<readonly string[] | undefined> {
  const folder = scratchFolder();
  mkdirSync(join(folder, 'tree'));
  plant(folder);
  const trees = () => treeOf(join(folder, 'tree'));
  const before = trees();
  if (what === 'undo') await makeBoth(folder);
  const count = join(folder, 'count');
  const env = { ...process.env, CRASH_AT: String(step), CRASH_COUNT: count, NODE_COMPILE_CACHE: COMPILED };
  const child = spawn(process.execPath, ['--import', PRELOAD, DRIVER, folder, what], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const [code, signal] = await once(child, 'close');
  if (signal !== 'SIGKILL') {
    expect([code, existsSync(count)]).toEqual([0, true]);
    return undefined;
  }
  const { failed, left } = await undoAll(openJournal(join(folder, 'home')), 'all', () => {});
  expect([failed, left]).toEqual([[], []]);
  const now = trees();
  return [...new Set([...Object.keys(before), ...Object.keys(now)])].filter((path) => before[path] !== now[path]);
}

test.each(['make', 'undo'] as const)(
  '%s',
  async (what) => {
    const left: Record<number, readonly string[]> = {};
    let isOver = false;
    for (let step = 1; !isOver; step += AT_ONCE) {
      const steps = Array.from({ length: AT_ONCE }, (_, i) => step + i);
      const found = await Promise.all(steps.map((one) => leftAt(one, what)));
      for (const [i, one] of found.entries()) if (one && one.length > 0) left[step + i] = one;
      isOver = found.includes(undefined);
      expect(step).toBeLessThan(200);
      if (isOver) expect(step).toBeGreaterThan(12);
    }
    expect(left).toEqual({});
  },
  120_000,
);
