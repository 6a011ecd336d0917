// `transparent on` and `off` against a recorded nft and a control socket that says what it is told: what is refused, what is run, and what a
// crash in the middle leaves.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openJournal } from '../../../../cmd/changes/journal.ts';
import { undoAll } from '../../../../cmd/changes/undo.ts';
import { explain } from '../../../../cmd/failure.ts';
import { TRANSPARENT_ACTIONS } from '../../../../cmd/transparent/actions.ts';
import { readSelection, selects } from '../../../../cmd/transparent/selection.ts';
import { REMOVAL, tableText } from '../../../../cmd/transparent/table.ts';
import type { Controlled } from '../../../../src/proxy/control/messages.ts';
import { serveControl } from '../../../../src/proxy/control/serve.ts';
import { controlPath } from '../../../../src/proxy/control/socket-path.ts';
import { scratchFolder } from '../../../support/folder.ts';
import { recordedHands } from '../../../support/hands.ts';

interface Facts {
  readonly transparent?: readonly string[];
  readonly config?: Readonly<Record<string, string>>;
}

async function stage({ transparent = ['127.0.0.1:8899'], config = {} }: Facts = {}) {
  const home = join(scratchFolder(), "it's $(x)");
  mkdirSync(home, { mode: 0o700 });
  const rows = { transparent_port: '8899', allow_uids: 'self, 1000, 1001', ...config };
  const daemon: Partial<Controlled> = {
    status: () => ({ running: true, pid: process.pid, transparent }) as never,
    config: () => Object.entries(rows).map(([key, value]) => ({ key, value, origin: 'default' })),
    connection: () => ({ caPath: '/home/ca.pem' }) as never,
  };
  const control = await serveControl(controlPath(home), daemon as Controlled, () => undefined);
  onTestFinished(() => control.close());
  const out: string[] = [];
  const err: string[] = [];
  const call = (args: Readonly<Record<string, unknown>>) => ({
    args,
    rest: [],
    json: false,
    invocation: { flags: { home }, configFile: undefined, environment: {}, cwd: '/', userHome: '/' },
    terminal: {
      out: (text: string) => void out.push(text),
      err: (text: string) => void err.push(text),
      self: 'sallyport',
      typed: (text: string) => text,
      isTty: false,
    },
    commands: [],
  });
  return { home, call, out, err, journal: openJournal(home) };
}

const me = String(process.getuid?.() ?? 0);
const notThere = { ends: (argv: readonly string[]) => (argv[1] === 'list' ? { code: 1 } : undefined) };

describe.runIf(process.platform === 'linux')('on', () => {
  test.each([
    ['nothing selected', {}, {}, 2, /whose connections\?/],
    ['no number', { uid: ['root; x'] }, {}, 2, /user ids such as 1000, not «root; x»/],
    ['a number too large', { uid: ['4294967295'] }, {}, 2, /user ids/],
    ['a cgroup outside the tree', { cgroup: ['a/../..'] }, {}, 2, /path below/],
    ['a cgroup that nft cannot name', { cgroup: ['a"b'] }, {}, 2, /without quotes/],
    ['the daemon itself', { uid: [me] }, {}, 1, /the user that the daemon runs as/],
    ['no second port', { uid: ['1000'] }, { transparent: [] }, 1, /put transparent_port: 8899/],
    ['a port that changes', { uid: ['1000'] }, { config: { transparent_port: '0' } }, 1, /name one, such as 8899/],
    ['a user who needs a token', { uid: ['1002'] }, {}, 1, /asks user 1002 for a token/],
    ['a password', { uid: ['1000'] }, { config: { proxy_auth: '[set]' } }, 1, /proxy_auth asks for a password/],
  ] as const)('refused, and nothing run: %s', async (_, args, facts, exitCode, line) => {
    const { home, call } = await stage(facts);
    const hands = recordedHands();
    const thrown = await TRANSPARENT_ACTIONS.on(call(args), hands).catch(explain);
    expect(thrown).toMatchObject({ exitCode, line: expect.stringMatching(line) });
    expect(hands.spawned).toEqual([]);
    expect(readdirSync(home)).toEqual(['control.sock']);
  });

  test('without nft it says what to install', async () => {
    const { call, journal } = await stage();
    const thrown = await TRANSPARENT_ACTIONS.on(call({ uid: ['1000'] }), recordedHands({ missing: ['nft'] })).catch(explain);
    expect(thrown).toMatchObject({ line: expect.stringContaining('install the package nftables') });
    expect(journal.inForce()).toEqual([]);
  });

  test('nobody to ask for root: the manual way, and nothing in the journal', async () => {
    const { call, journal } = await stage();
    const hands = recordedHands({ userId: 1000, missing: ['sudo', 'doas', 'pkexec'] });
    expect(await TRANSPARENT_ACTIONS.on(call({ uid: ['1001'] }), hands).catch(explain)).toMatchObject({
      line: expect.stringMatching(
        /only root may do this, and there is neither sudo, doas nor pkexec here; sallyport transparent show --uid=1001 prints the table/,
      ),
    });
    expect(hands.spawned).toEqual([]);
    expect(journal.inForce()).toEqual([]);
  });

  test('as another user nft goes through sudo, the table on its standard input', async () => {
    const { call } = await stage();
    const hands = recordedHands({ userId: 1000, ...notThere });
    await TRANSPARENT_ACTIONS.on(call({ uid: ['1001', '1000'] }), hands);
    expect(hands.spawned).toEqual([
      { argv: ['sudo', '--', 'nft', '-f', '-'], input: tableText({ uids: [1000, 1001], cgroups: [] }, 8899) },
    ]);
  });

  test('a table that nft refuses leaves nothing behind, and the line says how to do it by hand', async () => {
    const { call, journal } = await stage();
    const hands = recordedHands({ ends: (argv) => (argv[1] === '-f' ? { code: 1, output: 'no nat here' } : undefined) });
    expect(await TRANSPARENT_ACTIONS.on(call({ uid: ['1000'] }), hands).catch(explain)).toMatchObject({
      line: expect.stringMatching(
        /nft -f - failed with exit code 1 \(no nat here\); by hand: sallyport transparent show --uid=1000 prints/,
      ),
    });
    expect(hands.spawned.at(-1)).toEqual({ argv: ['nft', REMOVAL] });
    expect(journal.inForce()).toEqual([]);
  });

  test('the second time it only looks; where the table has gone it is put in place anew', async () => {
    const { call, out, journal } = await stage();
    const on = (hands: ReturnType<typeof recordedHands>) => TRANSPARENT_ACTIONS.on(call({ uid: ['1000'] }), hands);
    await on(recordedHands());
    const again = recordedHands();
    await on(again);
    expect(again.spawned.map(({ argv }) => argv[1])).toEqual(['list']);
    expect(out.at(-1)).toContain('already');
    const after = recordedHands({ ends: (argv) => (argv[1] === 'list' ? { code: 1 } : undefined) });
    await on(after);
    expect(after.spawned.map(({ argv }) => argv[1])).toEqual(['list', '-f']);
    expect(journal.inForce('transparent')).toHaveLength(1);
  });

  test('cut off in the middle, off and uninstall take the table away', async () => {
    const { call, journal } = await stage();
    const crash = recordedHands({
      ends: (argv) => {
        if (argv[1] === '-f') throw new Error('power cut');
        return undefined;
      },
    });
    // The way back fails as well: the journal keeps it.
    const dead = { ...crash, spawn: () => Promise.reject(new Error('power cut')) };
    await TRANSPARENT_ACTIONS.on(call({ uid: ['1000'] }), dead).catch(() => undefined);
    expect(journal.inForce('transparent')).toMatchObject([{ isDone: false }]);
    const hands = recordedHands();
    expect(await undoAll(journal, 'all', () => {}, hands)).toMatchObject({ failed: [] });
    expect(hands.spawned).toEqual([{ argv: ['nft', REMOVAL] }]);
    expect(journal.inForce()).toEqual([]);
  });
});

test('users by name are asked of the system', async () => {
  const hands = recordedHands({
    ends: (argv) => (argv.at(-1) === 'ai' ? { code: 0, output: '1001\n' } : { code: 1, output: 'no such user' }),
  });
  expect(await readSelection({ user: ['ai'], uid: ['1001', '7'] }, hands)).toEqual({ uids: [7, 1001], cgroups: [] });
  await expect(readSelection({ user: ['-$(touch x)'] }, hands)).rejects.toThrow('there is no user');
  expect(hands.spawned.map(({ argv }) => argv)).toEqual([
    ['id', '-u', '--', 'ai'],
    ['id', '-u', '--', '-$(touch x)'],
  ]);
});

test('cgroups have to be there, in a tree of version 2', async () => {
  const root = scratchFolder();
  const read = (cgroup: string) => readSelection({ cgroup: [cgroup] }, recordedHands(), root);
  await expect(read('a b')).rejects.toThrow('no cgroup v2 tree');
  writeFileSync(join(root, 'cgroup.controllers'), '');
  await expect(read('a b')).rejects.toThrow('there is no cgroup «a b»');
  mkdirSync(join(root, 'a b/$(c)'), { recursive: true });
  expect(await read('/a b/$(c)/')).toEqual({ uids: [], cgroups: ['a b/$(c)'] });
  expect(tableText({ uids: [], cgroups: ['a b/$(c)'] }, 1)).toContain('socket cgroupv2 level 2 "a b/$(c)" tcp dport 443 redirect to :1');
  expect(() => tableText({ uids: [], cgroups: ['a"b'] }, 1)).toThrow('nft cannot take');
});

test('the daemon is found among the selected by its user and its cgroup', () => {
  const proc = scratchFolder();
  mkdirSync(join(proc, '7'));
  writeFileSync(join(proc, '7/cgroup'), '0::/user.slice/ai\n');
  const uid = process.getuid?.() ?? 0;
  expect(selects({ uids: [uid], cgroups: [] }, 7, proc)).toBe('uid');
  expect(selects({ uids: [uid + 1], cgroups: ['user.slice'] }, 7, proc)).toBe('cgroup');
  expect(selects({ uids: [], cgroups: ['user.slice/a'] }, 7, proc)).toBeUndefined();
  expect(selects({ uids: [uid], cgroups: ['x'] }, 8, proc)).toBeUndefined();
});
