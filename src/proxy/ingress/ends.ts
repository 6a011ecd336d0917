// The two ends of a TCP connection, and what can be known of the program at the other one.
// Must not know how it is found out.

/** The user's id. 'absent': no socket of this machine is there. 'untold': this system does not say. */
export type PeerUser = number | 'absent' | 'untold';

/** Our end of a connection, as node:net describes it. */
export interface Connected {
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/** Both ends in bytes, 4 an IPv4 and 16 an IPv6 address. */
export interface Ends {
  readonly client: readonly number[];
  readonly clientPort: number;
  readonly ours: readonly number[];
  readonly ourPort: number;
}

/** Undefined where an end is missing, or an IPv6 address that is not loopback: no program of ours comes from there. */
export function endsOf({ localAddress, localPort, remoteAddress, remotePort }: Connected): Ends | undefined {
  const [client, ours] = [addressBytes(remoteAddress), addressBytes(localAddress)];
  if (!client || client.length !== ours?.length || localPort === undefined || remotePort === undefined) return undefined;
  return { client, clientPort: remotePort, ours, ourPort: localPort };
}

function addressBytes(address = ''): readonly number[] | undefined {
  const v4 = /^(?:::ffff:)?(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  if (v4) return v4.slice(1).map(Number);
  return address === '::1' ? [...new Array<number>(15).fill(0), 1] : undefined;
}
