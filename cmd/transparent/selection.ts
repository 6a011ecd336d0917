// Whose connections are to be redirected, from what a user has typed, and whether the daemon is among them.
// Must not know nftables beyond what it can take.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { carryOut, type Hands } from '../changes/hands.ts';
import { CommandFailure, EXIT, usage } from '../failure.ts';
import type { Selection } from './table.ts';

/** As given; each may name several. */
export interface Given {
  readonly uid?: readonly string[] | undefined;
  readonly user?: readonly string[] | undefined;
  readonly cgroup?: readonly string[] | undefined;
}

/** Where systemd mounts the cgroup v2 tree, and where nft looks for it. */
const CGROUPS = '/sys/fs/cgroup';

const MAX_UID = 2 ** 32 - 2;

/** Throws CommandFailure for nothing, for users that are not there, and for cgroups that cannot be selected. `root` is that of the cgroup tree. */
export async function readSelection({ uid = [], user = [], cgroup = [] }: Given, hands: Hands, root = CGROUPS): Promise<Selection> {
  if (uid.length + user.length + cgroup.length === 0) throw usage('whose connections? Give --uid, --user or --cgroup');
  const named: number[] = [];
  for (const name of user) named.push(await uidOf(name, hands));
  const uids = [...new Set([...uid.map(parseUid), ...named])].sort((a, b) => a - b);
  return { uids, cgroups: [...new Set(cgroup.map((path) => parseCgroup(path, root)))].sort() };
}

/** Whether the programs of `pid` are among the selected ones, as far as /proc says. */
export function selects({ uids, cgroups }: Selection, pid: number, proc = '/proc'): 'uid' | 'cgroup' | undefined {
  const uid = statSync(join(proc, String(pid)), { throwIfNoEntry: false })?.uid;
  if (uid !== undefined && uids.includes(uid)) return 'uid';
  const own = cgroups.length === 0 ? undefined : cgroupOf(join(proc, String(pid), 'cgroup'));
  return own !== undefined && cgroups.some((path) => own === path || own.startsWith(`${path}/`)) ? 'cgroup' : undefined;
}

function parseUid(text: string): number {
  const uid = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (uid <= MAX_UID) return uid;
  throw usage(`--uid takes user ids such as 1000, not «${text}»; for a name there is --user`);
}

/** `id` asks whatever this system takes its users from. */
async function uidOf(name: string, hands: Hands): Promise<number> {
  const { code, output } = await carryOut({ argv: ['id', '-u', '--', name] }, hands, () => {});
  const uid = /^\d+$/.test(output.trim()) ? Number(output.trim()) : Number.NaN;
  if (code !== 0 || !(uid <= MAX_UID)) throw new CommandFailure(EXIT.failed, `there is no user «${name}» on this machine`);
  return uid;
}

function parseCgroup(text: string, root: string): string {
  const path = text.replace(/^\/+|\/+$/g, '');
  if (path === '' || /["\\\p{Cc}]/u.test(path) || path.split('/').some((part) => ['', '.', '..'].includes(part)))
    throw usage(`--cgroup takes a path below ${root} such as user.slice/user-1000.slice, without quotes and backslashes, not «${text}»`);
  if (!statSync(join(root, 'cgroup.controllers'), { throwIfNoEntry: false }))
    throw new CommandFailure(
      EXIT.failed,
      `this system has no cgroup v2 tree at ${root}, so nftables cannot tell cgroups apart: use --uid or --user`,
    );
  if (!statSync(join(root, path), { throwIfNoEntry: false })?.isDirectory())
    throw new CommandFailure(EXIT.failed, `there is no cgroup «${path}» below ${root}: it has to be there before it can be selected`);
  return path;
}

function cgroupOf(file: string): string | undefined {
  try {
    return /^0::\/(.*)$/m.exec(readFileSync(file, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}
