// Looks a connection up in the kernel's tables of TCP sockets, for the user of the program at its other end.
// Must not decide anything.
import type { Ends, PeerUser } from './ends.ts';
import { endText, mappedEndText, openSocketTables, type SocketTables } from './socket-rows.ts';

/** The user of the socket at the client's end. */
export type SocketTable = (ends: Ends) => Promise<PeerUser>;

/** A table is no snapshot: a row can be passed over while another one before it goes. */
export const LOOKS = 3;

/** Opens the tables; tests bring others. */
export function openSocketTable(tables: SocketTables = openSocketTables()): SocketTable {
  return async ({ client, clientPort, ours, ourPort }) => {
    const isV4 = client.length === 4;
    // A program may speak IPv4 through an IPv6 socket, and most do not.
    const among6 = isV4 ? mappedEndText : endText;
    try {
      for (let look = 0; look < LOOKS; look++) {
        const inTcp = isV4 ? (await tables.tcp()).get(endText(client, clientPort)) : undefined;
        const user =
          inTcp?.find(({ remote }) => remote === endText(ours, ourPort))?.user ??
          (await tables.tcp6()).get(among6(client, clientPort))?.find(({ remote }) => remote === among6(ours, ourPort))?.user;
        if (user !== undefined) return user;
      }
      return 'absent';
    } catch (thrown) {
      return whyUnread(thrown);
    }
  };
}

/** Only a system that has no table may leave it open; one that cannot be read just now must not. */
export function whyUnread(thrown: unknown): 'untold' | 'absent' {
  return /^(?:ENOENT|EACCES|EPERM)$/.test(String((thrown as NodeJS.ErrnoException).code)) ? 'untold' : 'absent';
}
