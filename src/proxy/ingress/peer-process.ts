// Which program is at the other end of a loopback connection: the kernel tells the socket's number, and /proc which process has it open. Asked
// beside the exchange, one search at a time, and the programs that were found last are looked at first. Linux alone; must not decide anything.
import { readdir, readFile, readlink } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { type Connected, endsOf } from './ends.ts';
import { openSocketDiagnosis, type SocketDiagnosis } from './socket-diagnosis.ts';

/** A process of this machine. */
export interface PeerProcess {
  readonly pid: number;
  /** As the system has it, 15 characters at most; '' where it is gone. */
  readonly name: string;
}

/** What of /proc is read. Rejects where there is none, or it may not be read. */
export interface Processes {
  /** Ids, in any order. */
  list(): Promise<readonly number[]>;
  /** What the descriptors of a process point at. */
  descriptors(pid: number): AsyncIterable<string>;
  name(pid: number): Promise<string>;
}

/** Undefined where it is not found. Never rejects. */
export type PeerProcesses = (connected: Connected) => Promise<PeerProcess | undefined>;

/** Programs that are looked at before all others. */
const REMEMBERED = 16;
/** Connections whose search may wait for its turn; more are not told. */
const MAX_WAITING = 64;
/** So many times as long as a search took nobody is searched for: a tenth of a core at most, however many connections come. */
const REST = 9;

/** Opens the question; tests bring parts of their own. */
export function openPeerProcesses(
  diagnose: () => SocketDiagnosis | undefined = openSocketDiagnosis,
  processes: Processes = procfs,
): PeerProcesses {
  let diagnosis: SocketDiagnosis | undefined | 'not yet' = 'not yet';
  let known: readonly PeerProcess[] = [];
  let turn: Promise<unknown> = Promise.resolve();
  let waiting = 0;

  const holds = async (pid: number, inode: number): Promise<boolean> => {
    const wanted = `socket:[${inode}]`;
    try {
      for await (const target of processes.descriptors(pid)) if (target === wanted) return true;
    } catch {
      // It has ended, or is another user's.
    }
    return false;
  };
  const search = async (inode: number): Promise<PeerProcess | undefined> => {
    for (const one of known) if (await holds(one.pid, inode)) return one;
    // Clients are young.
    for (const pid of (await processes.list()).toSorted((a, b) => b - a)) {
      if (known.some((one) => one.pid === pid) || !(await holds(pid, inode))) continue;
      const found = { pid, name: await processes.name(pid).catch(() => '') };
      known = [found, ...known].slice(0, REMEMBERED);
      return found;
    }
    return undefined;
  };

  return async (connected) => {
    const ends = endsOf(connected);
    if (diagnosis === 'not yet') diagnosis = diagnose();
    const inode = ends && diagnosis?.inode(ends);
    if (inode === undefined || waiting >= MAX_WAITING) return undefined;
    waiting++;
    let tookMs = 0;
    const mine = turn
      .then(async () => {
        const from = performance.now();
        return search(inode).finally(() => {
          tookMs = performance.now() - from;
        });
      })
      .catch(() => undefined);
    turn = mine.then(() => pause(REST * tookMs, undefined, { ref: false }));
    return mine.finally(() => waiting--);
  };
}

const procfs: Processes = {
  list: async () => (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number),
  async *descriptors(pid) {
    for (const name of await readdir(`/proc/${pid}/fd`)) yield await readlink(`/proc/${pid}/fd/${name}`).catch(() => '');
  },
  name: async (pid) => (await readFile(`/proc/${pid}/comm`, 'utf8')).trim(),
};
