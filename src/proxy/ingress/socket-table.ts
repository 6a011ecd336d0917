// Looks a connection up in the kernel's tables of TCP sockets (/proc/self/net/tcp, tcp6). A reading takes milliseconds even of an empty table,
// so all who ask at a time share one. Must not decide anything.
import { type FileHandle, open } from 'node:fs/promises';
import { endianness } from 'node:os';
import type { Ends, PeerUser } from './ends.ts';

/** The user of the socket at the client's end. */
export type SocketTable = (ends: Ends) => Promise<PeerUser>;

/** Gives the text of a table piece by piece; throws where there is none. */
export type ReadTable = (table: 'tcp' | 'tcp6') => AsyncIterable<string>;

/** By both ends, as the table writes them: the user's id. */
type Reading = ReadonlyMap<string, number>;

/** A table this long would be of half a million sockets. */
const MAX_TABLE_CHARACTERS = 64 * 1024 * 1024;
/** A table is no snapshot: a row can be passed over while another one before it goes. */
const LOOKS = 3;

/** Opens the tables; `read` may bring others. */
export function openSocketTable(read: ReadTable = kernelTable): SocketTable {
  const tcp = shared(() => readAll(read('tcp')));
  const tcp6 = shared(() => readAll(read('tcp6')));
  return async ({ client, clientPort, ours, ourPort }) => {
    const rowOf = (form: (address: readonly number[]) => string) =>
      `${form(client)}:${hex(clientPort, 4)} ${form(ours)}:${hex(ourPort, 4)}`;
    const isV4 = client.length === 4;
    try {
      for (let look = 0; look < LOOKS; look++) {
        // A program may speak IPv4 through an IPv6 socket, and most do not.
        const user = (isV4 ? (await tcp()).get(rowOf(words)) : undefined) ?? (await tcp6()).get(rowOf(isV4 ? mapped : words));
        if (user !== undefined) return user;
      }
      return 'absent';
    } catch (thrown) {
      // Only a system that has no table may leave it open; one that cannot be read just now must not.
      return /^(?:ENOENT|EACCES|EPERM)$/.test(String((thrown as NodeJS.ErrnoException).code)) ? 'untold' : 'absent';
    }
  };
}

/** All calls until a reading begins share it: it knows of every connection there was when they called. */
function shared(read: () => Promise<Reading>): () => Promise<Reading> {
  let running: Promise<unknown> = Promise.resolve();
  let next: Promise<Reading> | undefined;
  return () => {
    next ??= running.then(() => {
      next = undefined;
      const reading = read();
      running = reading.catch(() => undefined);
      return reading;
    });
    return next;
  };
}

/**
 * A row: its number, both ends, state, queues, timer, retries, user, timeout, inode. A socket whose program has closed it has no inode
 * any more, and root for its user.
 */
const ROW = /: ([0-9A-F]+:[0-9A-F]{4} [0-9A-F]+:[0-9A-F]{4}) [0-9A-F]{2} \S+ \S+ \S+ +(\d+) +\d+ [1-9]/g;

async function readAll(pieces: AsyncIterable<string>): Promise<Reading> {
  const found = new Map<string, number>();
  let rest = '';
  let size = 0;
  for await (const piece of pieces) {
    const text = rest + piece;
    const end = text.lastIndexOf('\n') + 1;
    for (const [, ends, user] of text.slice(0, end).matchAll(ROW)) found.set(ends!, Number(user));
    rest = text.slice(end);
    size += piece.length;
    if (size > MAX_TABLE_CHARACTERS) break;
  }
  return found;
}

/** The table of this process's network namespace. Not /proc/net, which leads here: ProcSubset=pid of systemd hides it. */
async function* kernelTable(table: string): AsyncGenerator<string> {
  let file: FileHandle;
  try {
    file = await open(`/proc/self/net/${table}`);
  } catch (thrown) {
    // A kernel without IPv6.
    if (table === 'tcp6' && (thrown as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw thrown;
  }
  try {
    const buffer = Buffer.alloc(64 * 1024);
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
      if (bytesRead === 0) return;
      yield buffer.toString('latin1', 0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/** An address as the table writes it: words of 32 bits in the machine's own order of bytes. */
function words(address: readonly number[]): string {
  let out = '';
  for (let i = 0; i < address.length; i += 4) {
    const word = address.slice(i, i + 4);
    out += (endianness() === 'LE' ? word.toReversed() : word).map((byte) => hex(byte, 2)).join('');
  }
  return out;
}

/** An IPv4 address of an IPv6 socket (RFC 4291 2.5.5.2). */
function mapped(address: readonly number[]): string {
  return words([...new Array<number>(10).fill(0), 0xff, 0xff, ...address]);
}

function hex(number: number, digits: number): string {
  return number.toString(16).toUpperCase().padStart(digits, '0');
}
