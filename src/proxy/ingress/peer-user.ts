// Whose program is at the other end of a loopback connection: asked of the kernel for that one socket where that can be done, else looked
// up in its table of all of them. Must not decide who may come in.
import { existsSync } from 'node:fs';
import { type Connected, endsOf, type PeerUser } from './ends.ts';
import { openSocketDiagnosis, type SocketDiagnosis } from './socket-diagnosis.ts';
import { openSocketTable, type SocketTable } from './socket-table.ts';

/** Whether this system can be asked at all. */
export function tellsUsers(): boolean {
  return openSocketDiagnosis() !== undefined || existsSync('/proc/self/net/tcp');
}

/** Makes the question; tests bring ways of their own. */
export function openPeerUsers(
  diagnose: () => SocketDiagnosis | undefined = openSocketDiagnosis,
  table: SocketTable = openSocketTable(),
): (connected: Connected) => Promise<PeerUser> {
  let diagnosis: SocketDiagnosis | undefined | 'not yet' = 'not yet';
  return async (connected) => {
    const ends = endsOf(connected);
    if (!ends) return 'absent';
    if (diagnosis === 'not yet') diagnosis = diagnose();
    return diagnosis?.(ends) ?? table(ends);
  };
}
