// The two ends of a TCP connection, and what can be known of the program at the other one.
// Must not know how it is found out.
import { ipv6Groups } from '../../authority.ts';

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

/** Both ends, whatever their addresses; undefined where one is missing or they are of two families. */
export function allEndsOf({ localAddress, localPort, remoteAddress, remotePort }: Connected): Ends | undefined {
  const [client, ours] = [addressBytes(remoteAddress), addressBytes(localAddress)];
  if (!client || client.length !== ours?.length || localPort === undefined || remotePort === undefined) return undefined;
  return { client, clientPort: remotePort, ours, ourPort: localPort };
}

/** Undefined where an end is missing, or an IPv6 address that is not loopback: no program of ours comes from there. */
export function endsOf(connected: Connected): Ends | undefined {
  const ends = allEndsOf(connected);
  return ends && [ends.client, ends.ours].every((bytes) => bytes.length === 4 || isLoopback6(bytes)) ? ends : undefined;
}

function isLoopback6(bytes: readonly number[]): boolean {
  return bytes.every((byte, i) => byte === (i === 15 ? 1 : 0));
}

function addressBytes(address = ''): readonly number[] | undefined {
  const v4 = /^(?:::ffff:)?(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  if (v4) return v4.slice(1).map(Number);
  return ipv6Groups(address.replace(/%.*$/, ''))?.flatMap((group) => [group >> 8, group & 0xff]);
}
