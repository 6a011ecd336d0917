// The few calls of libc that Node has no word for, made by node:ffi, which is young: who needs them has another way beside it. A wrong
// signature ends the process without a word, so no other file calls libc. Must not know what is sent, nor wait for anybody.
import { endianness } from 'node:os';

/** The calls to a socket of the kernel that tells of sockets (netlink, sock_diag(7)). */
export interface NetlinkCalls {
  /** 0 or more: a socket for sock_diag that is closed with the process and not inherited. */
  readonly open: () => number;
  /** Bytes, or below 0. */
  readonly send: (socket: number, message: Buffer) => number;
  /** Bytes, or below 0; what is not there yet is not waited for. */
  readonly receive: (socket: number, into: Buffer) => number;
}

/** Sends one datagram to a Unix socket: a path, or a name behind `@` (unix(7)). False where it did not go. */
export type SendDatagram = (to: string, message: Buffer) => boolean;

const AF_UNIX = 1;
const AF_NETLINK = 16;
const SOCK_DGRAM = 2;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const NETLINK_SOCK_DIAG = 4;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
/** sockaddr_un.sun_path. */
const PATH_BYTES = 108;

/** Undefined where libc cannot be called. */
export function netlinkCalls(): NetlinkCalls | undefined {
  return reached(() => {
    const { functions } = process.getBuiltinModule('node:ffi').dlopen(null, {
      socket: { return: 'int32', arguments: ['int32', 'int32', 'int32'] },
      send: { return: 'int64', arguments: ['int32', 'buffer', 'uint64', 'int32'] },
      recv: { return: 'int64', arguments: ['int32', 'buffer', 'uint64', 'int32'] },
    });
    return {
      open: () => functions.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG),
      send: (socket, message) => Number(functions.send(socket, message, BigInt(message.length), MSG_DONTWAIT)),
      receive: (socket, into) => Number(functions.recv(socket, into, BigInt(into.length), MSG_DONTWAIT)),
    };
  });
}

/** Undefined where libc cannot be called. */
export function datagramSender(): SendDatagram | undefined {
  return reached(() => {
    const { functions } = process.getBuiltinModule('node:ffi').dlopen(null, {
      socket: { return: 'int32', arguments: ['int32', 'int32', 'int32'] },
      sendto: { return: 'int64', arguments: ['int32', 'buffer', 'uint64', 'int32', 'buffer', 'uint32'] },
      close: { return: 'int32', arguments: ['int32'] },
    });
    return (to, message) => {
      const address = unixAddress(to);
      const socket = address ? functions.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;
      if (!address || socket < 0) return false;
      const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
      const sent = Number(functions.sendto(socket, message, BigInt(message.length), flags, address, address.length));
      functions.close(socket);
      return sent === message.length;
    };
  });
}

/** sockaddr_un; undefined for what is no such address. An abstract name begins with NUL, and its end is that of the address. */
function unixAddress(to: string): Buffer | undefined {
  const path = Buffer.from(to.startsWith('@') ? `\0${to.slice(1)}` : `${to}\0`);
  if (!/^[@/]/.test(to) || path.length > PATH_BYTES) return undefined;
  const family = Buffer.alloc(2);
  if (endianness() === 'LE') family.writeUInt16LE(AF_UNIX);
  else family.writeUInt16BE(AF_UNIX);
  return Buffer.concat([family, path]);
}

/** Undefined on another system, with an older Node, or with one built without it. */
function reached<T>(open: () => T): T | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    return open();
  } catch {
    return undefined;
  }
}
