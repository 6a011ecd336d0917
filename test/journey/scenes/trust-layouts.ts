// Inside a private system: each Linux layout with stand-ins for its programs. The CA is installed, seen, renewed, taken out; a program fails in
// the middle; a user without root, sudo in front. Prints what came of it, by layout.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Call } from '../../../cmd/command.ts';
import { ca } from '../../../cmd/commands/ca.ts';
import { uninstall } from '../../../cmd/commands/uninstall.ts';
import { explain } from '../../../cmd/failure.ts';
import { treeOf } from '../../support/tree.ts';
import { LAYOUTS, layOut } from './trust-tools.ts';

/** Exit code, and all that was said. */
export interface Said {
  readonly code: number;
  readonly text: string;
}
export interface Walk {
  readonly install: Said;
  readonly calls: readonly string[];
  readonly anchors: readonly string[];
  readonly again: Said;
  readonly callsAgain: readonly string[];
  readonly rotate: Said;
  readonly anchorsAfterRotate: readonly string[];
  readonly bundleHolds: 'only the new CA' | 'something else';
  readonly status: Said;
  readonly uninstall: Said;
  readonly callsUninstall: readonly string[];
  readonly failing: Said;
  readonly changedByFailing: readonly string[];
  readonly changed: readonly string[];
  /** Where the folder of anchors is on a file system that is read-only; of debian alone. */
  readonly readOnly: Said | undefined;
  readonly killed: string | null;
  readonly statusOfKilled: Said;
  readonly uninstallKilled: Said;
  readonly changedByKilled: readonly string[];
}

const SALLYPORT = join(import.meta.dirname, '../../../cmd/sallyport.ts');
const [work = ''] = process.argv.slice(2);
const results: Record<string, Walk> = {};
for (const [name, layout] of Object.entries(LAYOUTS)) {
  for (const { mark } of Object.values(LAYOUTS)) if (mark !== undefined) rmSync(mark, { force: true });
  // A name that would be a program, an end of line or an end of word to a shell.
  const folder = join(work, `${name} it's $(touch pwned) "q"\né`);
  mkdirSync(folder, { recursive: true });
  const { env, calls } = layOut(folder, layout);
  const home = join(folder, 'home');
  const say = async (words: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<Said> => {
    const lines: string[] = [];
    const [command, action = ''] = words;
    const call = {
      args: { action, ...(command === 'ca' && action !== 'rotate' && { store: [name] }) },
      rest: [],
      json: false,
      invocation: { flags: { home }, configFile: undefined, environment: { ...env, ...more }, cwd: folder, userHome: folder },
      terminal: {
        out: (line) => void lines.push(line),
        err: (line) => void lines.push(line),
        self: 'sallyport',
        typed: (text: string) => text,
        isTty: false,
      },
      commands: [],
    } satisfies Call;
    try {
      const code = await (command === 'ca' ? ca : uninstall).run(call);
      return { code, text: lines.join('\n') };
    } catch (thrown) {
      const { line, exitCode } = explain(thrown);
      return { code: exitCode, text: [...lines, line].join('\n') };
    }
  };
  const trees = () => treeOf('/etc', '/usr/local/share/ca-certificates', '/var/lib/ca-certificates');
  mkdirSync('/var/lib/ca-certificates', { recursive: true });
  const before = trees();
  const changes = () => {
    const now = trees();
    return [...new Set([...Object.keys(before), ...Object.keys(now)])].filter((path) => before[path] !== now[path]);
  };
  const failing = await say(['ca', 'install'], { FAILS: layout.update[0]! });
  const changedByFailing = changes();
  calls();
  const install = await say(['ca', 'install']);
  const callsInstall = calls();
  const anchors = readdirSync(layout.anchors);
  const again = await say(['ca', 'install']);
  const callsAgain = calls();
  const old = readFileSync(layout.bundle, 'utf8');
  const rotate = await say(['ca', 'rotate']);
  const anchorsAfterRotate = readdirSync(layout.anchors);
  const bundle = readFileSync(layout.bundle, 'utf8');
  const fresh = readFileSync(join(home, 'ca.pem'), 'utf8');
  const bundleHolds = bundle.trim() === fresh.trim() && !bundle.includes(old.trim()) ? 'only the new CA' : 'something else';
  const status = await say(['ca', 'status']);
  calls();
  const uninstalled = await say(['uninstall']);
  const callsUninstall = calls();
  const changed = changes();
  const node = [SALLYPORT, 'ca', 'install', '--store', name, '--home', home];
  const killed = spawnSync(process.execPath, node, { cwd: folder, env: { ...env, HOME: folder, KILLS: layout.update[0]! } });
  const statusOfKilled = await say(['ca', 'status']);
  const uninstallKilled = await say(['uninstall']);
  const changedByKilled = changes();
  let readOnly: Said | undefined;
  if (name === 'debian') {
    spawnSync('mount', ['-o', 'remount,ro', '/usr/local/share']);
    readOnly = await say(['ca', 'install']);
    spawnSync('mount', ['-o', 'remount,rw', '/usr/local/share']);
  }
  results[name] = {
    readOnly,
    install,
    calls: callsInstall,
    anchors,
    again,
    callsAgain,
    rotate,
    anchorsAfterRotate,
    bundleHolds,
    status,
    uninstall: uninstalled,
    callsUninstall,
    failing,
    changedByFailing,
    changed,
    killed: killed.signal,
    statusOfKilled,
    uninstallKilled,
    changedByKilled,
  };
}
process.stdout.write(JSON.stringify({ results, pwned: readdirSync(work).some((name) => name === 'pwned') }));
