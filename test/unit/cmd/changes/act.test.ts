// Changes to files of a scratch folder and to recorded programs: made once, made anew, failing half-way, taken back.
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type FileToWrite, makeChange, type Outcome } from '../../../../cmd/changes/act.ts';
import type { Kind, Run, RunUndo } from '../../../../cmd/changes/change.ts';
import { type Hands, ownHands } from '../../../../cmd/changes/hands.ts';
import { type Journal, openJournal } from '../../../../cmd/changes/journal.ts';
import { undoAll } from '../../../../cmd/changes/undo.ts';
import { scratchFolder } from '../../../support/folder.ts';
import { recordedHands } from '../../../support/hands.ts';
import { treeOf } from '../../../support/tree.ts';

/** One file, with the way back. */
function writeFileJournalled(
  journal: Journal,
  { by, what, key, ...file }: FileToWrite & { readonly by: Kind; readonly what: string; readonly key?: string },
  tell?: (line: string) => void,
  hands?: Hands,
): Promise<Outcome> {
  return makeChange(journal, { by, what, key: key ?? file.path, write: [file] }, tell, hands);
}

/** One program, with the one that takes it back. */
function runJournalled(
  journal: Journal,
  order: Run & {
    readonly by: Kind;
    readonly what: string;
    readonly key?: string;
    readonly undoArgv: readonly string[];
    /** See RunUndo. */
    readonly when?: Run;
    readonly manual?: string;
  },
  tell?: (line: string) => void,
  hands?: Hands,
): Promise<Outcome> {
  const { by, what, key = order.argv.join(' '), undoArgv, when, manual, ...run } = order;
  const back: RunUndo = { argv: undoArgv, ...(run.env && { env: run.env }), ...(run.root && { root: run.root }), ...(when && { when }) };
  return makeChange(journal, { by, what, key, run: [run], undoBefore: [back], ...(manual !== undefined && { manual }) }, tell, hands);
}

function stage() {
  const folder = scratchFolder();
  const tree = join(folder, 'tree');
  mkdirSync(tree);
  writeFileSync(join(tree, 'there'), 'before\n', { mode: 0o640 });
  return { tree, journal: openJournal(join(folder, 'home')), before: treeOf(tree), told: [] as string[] };
}

describe('a file', () => {
  test('is written in new folders, readable by all whatever the umask, and all of it goes again', async () => {
    const { tree, journal, before } = stage();
    const path = join(tree, 'a b', "it's $(x)", 'é\nfile');
    const old = process.umask(0o077);
    try {
      await writeFileJournalled(journal, { by: 'ca', what: 'x', path, content: 'new', mode: 0o644 });
    } finally {
      process.umask(old);
    }
    expect(statSync(path).mode & 0o777).toBe(0o644);
    expect(statSync(join(tree, 'a b')).mode & 0o777).toBe(0o755);
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(await undoAll(journal, 'ca', () => {})).toEqual({ done: ['x'], left: [], failed: [] });
    expect(treeOf(tree)).toEqual(before);
    expect(journal.inForce()).toEqual([]);
    expect(await undoAll(journal, 'all', () => {})).toEqual({ done: [], left: [], failed: [] });
  });

  test('that was there keeps its owner and mode, and comes back', async () => {
    const { tree, journal, before } = stage();
    const path = join(tree, 'there');
    expect(await writeFileJournalled(journal, { by: 'system', what: 'x', path, content: 'ours' })).toBe('made');
    expect(await writeFileJournalled(journal, { by: 'system', what: 'x', path, content: 'ours' })).toBe('unchanged');
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(journal.inForce()).toHaveLength(1);
    await undoAll(journal, 'system', () => {});
    expect(treeOf(tree)).toEqual(before);
  });

  test('that is written anew, other than the first time, still comes back as it was before the first', async () => {
    const { tree, journal, before } = stage();
    const path = join(tree, 'there');
    for (const content of ['one', 'two']) await writeFileJournalled(journal, { by: 'system', what: 'x', path, content });
    expect(readFileSync(path, 'utf8')).toBe('two');
    expect(journal.inForce()).toHaveLength(1);
    await undoAll(journal, 'system', () => {});
    expect(treeOf(tree)).toEqual(before);
  });

  test('that somebody changed since is left alone and told', async () => {
    const { tree, journal, told } = stage();
    const path = join(tree, 'new');
    await writeFileJournalled(journal, { by: 'system', what: 'x', path, content: 'ours' });
    writeFileSync(path, 'theirs');
    expect(await undoAll(journal, 'system', (line) => told.push(line))).toMatchObject({ left: [path] });
    expect(readFileSync(path, 'utf8')).toBe('theirs');
    expect(told.join('\n')).toContain(`left as it is, since it was changed after us: ${path}`);
    expect(journal.inForce()).toEqual([]);
  });

  // The second write would have taken what the user had written in between, and the undo would have brought back what was before that.
  test('that somebody changed before it is written again comes back as they left it', async () => {
    const { tree, journal } = stage();
    const path = join(tree, 'there');
    await writeFileJournalled(journal, { by: 'system', what: 'x', path, content: 'ours' });
    writeFileSync(path, 'theirs');
    await writeFileJournalled(journal, { by: 'system', what: 'x', path, content: 'ours' });
    await undoAll(journal, 'system', () => {});
    expect(readFileSync(path, 'utf8')).toBe('theirs');
  });

  test('behind a link is changed where it lies; the link stays', async () => {
    const { tree, journal } = stage();
    symlinkSync('there', join(tree, 'link'));
    const before = treeOf(tree);
    await writeFileJournalled(journal, { by: 'system', what: 'x', path: join(tree, 'link'), content: 'ours' });
    expect(readFileSync(join(tree, 'there'), 'utf8')).toBe('ours');
    await undoAll(journal, 'system', () => {});
    expect(treeOf(tree)).toEqual(before);
  });

  test('whose place is a folder, or a link to nowhere, is refused with nothing written down', async () => {
    const { tree, journal } = stage();
    mkdirSync(join(tree, 'folder'));
    symlinkSync('nowhere', join(tree, 'lost'));
    const order = { by: 'system' as const, what: 'x', content: 'ours' };
    await expect(writeFileJournalled(journal, { ...order, path: join(tree, 'folder') })).rejects.toThrow(/no regular file/);
    await expect(writeFileJournalled(journal, { ...order, path: join(tree, 'lost') })).rejects.toThrow(/no such file/);
    expect(journal.inForce()).toEqual([]);
  });
});

describe('programs', () => {
  test('run after the files, and are taken back around them', async () => {
    const { tree, journal, before } = stage();
    const path = join(tree, 'unit');
    const at: string[] = [];
    const hands = recordedHands({ ends: (argv) => void at.push(`${argv.join(' ')} ${treeOf(tree)[path] ? 'with' : 'without'}`) });
    await makeChange(
      journal,
      {
        by: 'service',
        key: 'unit',
        what: 'x',
        write: [{ path, content: 'unit' }],
        run: [{ argv: ['reload'] }, { argv: ['enable'] }],
        undoBefore: [{ argv: ['disable'] }],
        undoAfter: [{ argv: ['reload', 'again'] }],
      },
      () => {},
      hands,
    );
    await undoAll(journal, 'all', () => {}, hands);
    expect(at).toEqual(['reload with', 'enable with', 'disable with', 'reload again without']);
    expect(treeOf(tree)).toEqual(before);
  });

  test('that fail take back what was done before them, and say the command, its code, its last words and the manual way', async () => {
    const { tree, journal, before } = stage();
    const order = {
      by: 'ca' as const,
      key: 'k',
      what: 'x',
      write: [{ path: join(tree, 'a/b'), content: '1' }],
      run: [{ argv: ['fails', 'a b'] }],
    };
    const hands = recordedHands({ ends: () => ({ code: 3, output: 'first\nno room\n' }) });
    await expect(makeChange(journal, order, () => {}, hands)).rejects.toThrow(
      "fails 'a b' failed with exit code 3 (no room); by hand: fails 'a b'",
    );
    expect(treeOf(tree)).toEqual(before);
    expect(journal.inForce()).toEqual([]);
    await expect(
      makeChange(journal, { ...order, manual: 'see the page' }, () => {}, recordedHands({ missing: ['fails'] })),
    ).rejects.toThrow("fails 'a b' is not there (not found); by hand: see the page");
  });

  test('that do not come back keep their change in the journal, and do not keep the others', async () => {
    const { tree, journal } = stage();
    const stuck = recordedHands({ ends: ([program]) => (program === 'off' ? { code: 1 } : undefined) });
    await writeFileJournalled(journal, { by: 'system', what: 'file', path: join(tree, 'new'), content: '1' }, undefined, stuck);
    await runJournalled(journal, { by: 'system', what: 'program', argv: ['on'], undoArgv: ['off'] }, undefined, stuck);
    expect(await undoAll(journal, 'all', () => {}, stuck)).toEqual({
      done: ['file'],
      left: [],
      failed: ['program: off failed with exit code 1; by hand: off'],
    });
    expect(await undoAll(journal, 'all', () => {}, recordedHands())).toEqual({ done: ['program'], left: [], failed: [] });
  });

  test('are not run again where the change is in force, and are run back only when their question says so', async () => {
    const { journal } = stage();
    const hands = recordedHands({ ends: ([program]) => (program === 'asks' ? { code: 1 } : undefined) });
    const order = { by: 'system' as const, what: 'x', argv: ['on'], undoArgv: ['off'], when: { argv: ['asks'] } };
    await runJournalled(journal, order, undefined, hands);
    expect(await runJournalled(journal, order, undefined, hands)).toBe('unchanged');
    await undoAll(journal, 'all', () => {}, hands);
    expect(hands.spawned.map(({ argv }) => argv.join(' '))).toEqual(['on', 'asks']);
  });

  test('get what they are given as it is: no shell looks at it', async () => {
    const { journal, tree } = stage();
    const nasty = `$(touch ${join(tree, 'pwned')}) \`x\` "q" 'q'\n\\ é`;
    const program = 'require("fs").writeFileSync(process.argv[1], process.argv[2] + process.env.V + require("fs").readFileSync(0))';
    const argv = [process.execPath, '-e', program, join(tree, 'out'), nasty];
    await runJournalled(journal, { by: 'system', what: 'x', argv, env: { V: nasty }, input: nasty, undoArgv: ['true'] });
    expect(readFileSync(join(tree, 'out'), 'utf8')).toBe(nasty + nasty + nasty);
  });
});

describe('a file that a program changes', () => {
  const order = (path: string) => ({
    by: 'ca' as const,
    key: 'k',
    what: 'x',
    touches: [path],
    run: [{ argv: ['tee', '-a', path], input: 'ours\n' }],
    undoAfter: [{ argv: ['sed', '-i', '/ours/d', path], when: { argv: ['grep', '-q', 'ours', path] } }],
  });

  test('comes back byte by byte, and the program that would take it back is not called', async () => {
    const { tree, journal, before } = stage();
    const path = join(tree, 'there');
    await makeChange(journal, order(path));
    expect(readFileSync(path, 'utf8')).toBe('before\nours\n');
    const own = ownHands(process.env);
    const called: string[] = [];
    const hands = {
      ...own,
      spawn: (argv: readonly string[], how: Parameters<typeof own.spawn>[1]) => {
        called.push(argv[0]!);
        return own.spawn(argv, how);
      },
    };
    await undoAll(journal, 'all', () => {}, hands);
    expect([treeOf(tree), called]).toEqual([before, ['grep']]);
  });

  test('and somebody else since is left to the program, without a word', async () => {
    const { tree, journal } = stage();
    const path = join(tree, 'there');
    await makeChange(journal, order(path));
    writeFileSync(path, `${readFileSync(path, 'utf8')}theirs\n`);
    expect(await undoAll(journal, 'all', () => {})).toEqual({ done: ['x'], left: [], failed: [] });
    expect(readFileSync(path, 'utf8')).toBe('before\ntheirs\n');
  });
});

test('a change made anew takes back what is no longer part of it, and forgets it', async () => {
  const { tree, journal, before } = stage();
  const at = (name: string) => join(tree, name);
  const order = (...names: string[]) => ({
    by: 'ca' as const,
    key: 'k',
    what: 'x',
    write: names.map((name) => ({ path: at(name), content: name })),
    run: names.map((name) => ({ argv: ['cp', at(name), at(`${name}.copy`)] })),
    undoBefore: names.map((name) => ({ argv: ['rm', '-f', at(`${name}.copy`)] })),
  });
  await makeChange(journal, order('one', 'two'));
  await makeChange(journal, order('two', 'three'));
  expect(Object.keys(treeOf(tree)).map((path) => path.slice(tree.length + 1))).toEqual([
    '',
    'there',
    'three',
    'three.copy',
    'two',
    'two.copy',
  ]);
  expect(JSON.stringify(journal.inForce())).not.toContain('one.copy');
  await undoAll(journal, 'all', () => {});
  expect(treeOf(tree)).toEqual(before);
});

describe('what only root may do', () => {
  test('goes through sudo, variables and all; the user hears of it first', async () => {
    const { journal, told } = stage();
    const hands = recordedHands({ userId: 1000 });
    const order = { by: 'ca' as const, what: 'x', argv: ['update'], env: { A: 'b c' }, root: true as const, undoArgv: ['update'] };
    await runJournalled(journal, order, (line) => told.push(line), hands);
    expect(hands.spawned).toEqual([{ argv: ['sudo', '--', 'env', 'A=b c', 'update'] }]);
    expect(told).toEqual(["root is needed for: A='b c' update"]);
    const others = recordedHands({ userId: 1000, missing: ['sudo', 'doas'] });
    await undoAll(journal, 'all', () => {}, others);
    expect(others.spawned).toEqual([{ argv: ['pkexec', 'env', 'A=b c', 'update'] }]);
  });

  test('is one line with the manual way where nobody asks for a password', async () => {
    const { journal } = stage();
    const hands = recordedHands({ userId: 1000, missing: ['sudo', 'doas', 'pkexec'] });
    const order = { by: 'ca' as const, what: 'x', argv: ['update'], root: true as const, undoArgv: ['update'] };
    await expect(runJournalled(journal, order, undefined, hands)).rejects.toThrow(
      /^only root may do this, and there is neither sudo, doas nor pkexec here; as root: update/,
    );
  });

  test.runIf(process.getuid?.() === 0)('is written by programs of root’s, the content on their input', async () => {
    const { journal, tree } = stage();
    chmodSync(tree, 0o755);
    // Another user's place in these hands' eyes: only the real one may write here, which is root and so does not count.
    const hands = recordedHands({ userId: 1000 });
    const path = join(tree, 'there');
    const { spawned } = hands;
    await expect(writeFileJournalled(journal, { by: 'ca', what: 'x', path, content: 'ours' }, undefined, hands)).resolves.toBe('made');
    const draft = join(tree, '.there.sallyport-new');
    expect(spawned.map(({ argv }) => argv.slice(2))).toEqual([
      ['touch', '--', draft],
      ['chmod', '0600', '--', draft],
      ['tee', '--', draft],
      ['chown', '0:0', '--', draft],
      ['chmod', '0640', '--', draft],
      ['mv', '-f', '--', draft, path],
    ]);
    expect(spawned[2]?.input).toBe('ours');
  });
});

test('two commands do not change the system at the same time', async () => {
  const { journal, tree } = stage();
  const write = { by: 'ca' as const, what: 'x', path: join(tree, 'new'), content: '1' };
  await journal.alone(() =>
    expect(writeFileJournalled(openJournal(journal.home), write)).rejects.toThrow(/another command is changing the system/),
  );
  rmSync(journal.home, { recursive: true });
});
