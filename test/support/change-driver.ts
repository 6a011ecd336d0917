// A program that makes or takes back one change of every kind, so that it can be killed in the middle: node change-driver.ts FOLDER make|undo.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeChange } from '../../cmd/changes/act.ts';
import { openJournal } from '../../cmd/changes/journal.ts';
import { undoAll } from '../../cmd/changes/undo.ts';

/** Two changes to `folder/tree`: files new and old, folders, a file that a program changes, and programs. */
export async function makeBoth(folder: string): Promise<void> {
  const journal = openJournal(join(folder, 'home'));
  const at = (name: string) => join(folder, 'tree', name);
  await makeChange(journal, {
    by: 'ca',
    key: 'first',
    what: 'the first',
    write: [
      { path: at('a/b/new'), content: 'ours\n', mode: 0o644 },
      { path: at('old'), content: 'ours\n' },
    ],
    touches: [at('touched')],
    run: [{ argv: ['tee', '-a', at('touched')], input: 'ours\n' }],
    undoAfter: [{ argv: ['sed', '-i', '/ours/d', at('touched')], when: { argv: ['grep', '-q', 'ours', at('touched')] } }],
  });
  await makeChange(journal, {
    by: 'system',
    key: 'second',
    what: 'the second',
    run: [{ argv: ['cp', at('old'), at('copied')] }],
    undoBefore: [{ argv: ['rm', '-f', at('copied')] }],
  });
}

/** The tree that they are made to. */
export function plant(folder: string): void {
  writeFileSync(join(folder, 'tree/old'), 'theirs\n', { mode: 0o640 });
  writeFileSync(join(folder, 'tree/touched'), 'theirs\n');
}

if (process.argv[1] === import.meta.filename) {
  const [, , folder = '', what] = process.argv;
  if (what === 'make') await makeBoth(folder);
  else await undoAll(openJournal(join(folder, 'home')), 'all', () => {});
}
