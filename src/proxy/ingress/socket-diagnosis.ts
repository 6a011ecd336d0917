// Asks the Linux kernel about one TCP socket (netlink, sock_diag(7)): microseconds, however many there are. Where libc cannot be called
// or the kernel declines, there is the table. Must not wait for an answer.
import { endianness } from 'node:os';
import { type NetlinkCalls, netlinkCalls } from '../libc.ts';
import type { Ends } from './ends.ts';

/** The user of the socket at the client's end. 'absent': there is none. Undefined: this way does not tell. */
export type SocketUser = (ends: Ends) => number | 'absent' | undefined;

/** The same, and more of the socket. */
export interface SocketDiagnosis extends SocketUser {
  /** The number of that socket, by which its process has it open; undefined where there is none. */
  inode(ends: Ends): number | undefined;
}

/** What the kernel says of a socket. */
interface Told {
  readonly user: number;
  readonly inode: number;
}

const AF_INET = 2;
const AF_INET6 = 10;
const TCP = 6;
const LISTEN = 10;
const SOCK_DIAG_BY_FAMILY = 20;
const NLMSG_ERROR = 2;
const REQUEST = 1;
const ENOENT = 2;

/** Undefined where it cannot be had at all. */
export function openSocketDiagnosis(calls: NetlinkCalls | undefined = netlinkCalls()): SocketDiagnosis | undefined {
  const socket = calls && endianness() === 'LE' ? calls.open() : -1;
  if (!calls || socket < 0) return undefined;
  const message = Buffer.alloc(72);
  const answer = Buffer.alloc(4096);
  let serial = 0;
  const ask = (ends: Ends): Told | 'absent' | undefined => {
    serial = (serial + 1) >>> 0;
    write(message, ends, serial);
    if (calls.send(socket, message) !== message.length) return undefined;
    // An answer that was not fetched in time is still there, before ours.
    for (let tries = 0; tries < 4; tries++) {
      if (calls.receive(socket, answer) < 20) return undefined;
      if (answer.readUInt32LE(8) === serial) return read(answer, ends);
    }
    return undefined;
  };
  const of = <T>(answer: Told | 'absent' | undefined, pick: (told: Told) => T, absent: T | undefined): T | undefined =>
    answer === 'absent' ? absent : answer && pick(answer);
  return Object.assign((ends: Ends) => of<number | 'absent'>(ask(ends), ({ user }) => user, 'absent'), {
    inode: (ends: Ends) => of(ask(ends), ({ inode }) => inode, undefined),
  });
}

/** nlmsghdr, then inet_diag_req_v2: all states, any cookie, and the client's end as the socket's own. */
function write(message: Buffer, { client, clientPort, ours, ourPort }: Ends, serial: number): void {
  message.fill(0);
  message.writeUInt32LE(message.length, 0);
  message.writeUInt16LE(SOCK_DIAG_BY_FAMILY, 4);
  message.writeUInt16LE(REQUEST, 6);
  message.writeUInt32LE(serial, 8);
  message[16] = client.length === 4 ? AF_INET : AF_INET6;
  message[17] = TCP;
  message.fill(0xff, 20, 24);
  message.writeUInt16BE(clientPort, 24);
  message.writeUInt16BE(ourPort, 26);
  message.set(client, 28);
  message.set(ours, 44);
  message.fill(0xff, 64, 72);
}

/** nlmsghdr, then inet_diag_msg. Without such a connection the kernel tells of a listener that would take it. */
function read(answer: Buffer, { ourPort }: Ends): Told | 'absent' | undefined {
  const type = answer.readUInt16LE(4);
  if (type === NLMSG_ERROR) return answer.readInt32LE(16) === -ENOENT ? 'absent' : undefined;
  if (type !== SOCK_DIAG_BY_FAMILY) return undefined;
  const isConnection = answer[17] !== LISTEN && answer.readUInt16BE(22) === ourPort;
  // A socket whose program has closed it has no inode any more, and root for its user.
  const inode = answer.readUInt32LE(84);
  return isConnection && inode !== 0 ? { user: answer.readUInt32LE(80), inode } : 'absent';
}
