// Where a connection that the packet filter has redirected to us was on its way to, and whose it is. The client's own socket still says
// so: the filter changes packets, not sockets (Linux). Must not decide who may come in.
import { parseAuthority } from '../../authority.ts';
import { allEndsOf, type Connected, type PeerUser } from './ends.ts';
import { endText, mappedEndText, openSocketTables, readEnd, type SocketRow, type SocketTables } from './socket-rows.ts';
import { LOOKS, whyUnread } from './socket-table.ts';

/** What the client's socket says. */
export interface Origin {
  readonly user: PeerUser;
  /** Undefined: it cannot be known, or the connection was opened to us and not redirected. */
  readonly destination: { readonly host: string; readonly port: number } | undefined;
}

/** The question; tests bring tables of their own. */
export function openOrigins(tables: SocketTables = openSocketTables()): (connected: Connected) => Promise<Origin> {
  return async (connected) => {
    const ends = allEndsOf(connected);
    if (!ends) return { user: 'absent', destination: undefined };
    const { client, clientPort, ours, ourPort } = ends;
    const isV4 = client.length === 4;
    const among6 = isV4 ? mappedEndText : endText;
    const here = [endText(ours, ourPort), among6(ours, ourPort)];
    try {
      for (let look = 0; look < LOOKS; look++) {
        const rows = [
          ...(isV4 ? ((await tables.tcp()).get(endText(client, clientPort)) ?? []) : []),
          ...((await tables.tcp6()).get(among6(client, clientPort)) ?? []),
        ];
        if (rows.length > 0) return originAmong(rows, here);
      }
      return { user: 'absent', destination: undefined };
    } catch (thrown) {
      return { user: whyUnread(thrown), destination: undefined };
    }
  };
}

/** Sockets of one port may lead to several places: which of them came to us cannot be told then, unless one leads here itself. */
function originAmong(rows: readonly SocketRow[], here: readonly string[]): Origin {
  const direct = rows.find(({ remote }) => here.includes(remote));
  if (direct) return { user: direct.user, destination: undefined };
  const [row, ...others] = rows;
  if (others.length > 0) return { user: others.every(({ user }) => user === row!.user) ? row!.user : 'absent', destination: undefined };
  const { address, port } = readEnd(row!.remote);
  return { user: row!.user, destination: { host: addressText(address), port } };
}

/** As `parseAuthority` writes it; a mapped IPv4 address as that. */
function addressText(bytes: readonly number[]): string {
  const isMapped = bytes.length === 16 && bytes.slice(0, 12).every((byte, i) => byte === (i < 10 ? 0 : 0xff));
  if (bytes.length === 4 || isMapped) return bytes.slice(-4).join('.');
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i]! << 8) | bytes[2 * i + 1]!).toString(16));
  return parseAuthority(`[${groups.join(':')}]`, 1).host;
}
