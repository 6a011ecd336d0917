// The kernel's tables of TCP sockets (/proc/self/net/tcp, tcp6): each socket's two ends, and whose it is. A reading takes milliseconds
// even of an empty table, so all who ask at a time share one. Must not decide anything.
import { type FileHandle, open } from 'node:fs/promises';
import { endianness } from 'node:os';

/** Gives the text of a table piece by piece; throws where there is none. */
export type ReadTable = (table: 'tcp' | 'tcp6') => AsyncIterable<string>;

/** A socket: where it leads, as `endText` writes it, and its program's user. */
export interface SocketRow {
  readonly remote: string;
  readonly user: number;
}

/** All sockets that a program holds, by their own end as `endText` writes it. Several may have one, each to another place. */
export type SocketRows = ReadonlyMap<string, readonly SocketRow[]>;

/** The tables; each call knows of every connection there was when it was made. Rejects with the system's error. */
export interface SocketTables {
  readonly tcp: () => Promise<SocketRows>;
  readonly tcp6: () => Promise<SocketRows>;
}

/** Where the tables are. */
export const TABLES = '/proc/self/net';

/** A table this long would be of half a million sockets. */
const MAX_TABLE_CHARACTERS = 64 * 1024 * 1024;

/** Opens the tables; `read` may bring others. */
export function openSocketTables(read: ReadTable = kernelTable): SocketTables {
  return { tcp: shared(() => readAll(read('tcp'))), tcp6: shared(() => readAll(read('tcp6'))) };
}

/** All calls until a reading begins share it: it knows of every connection there was when they called. */
function shared(read: () => Promise<SocketRows>): () => Promise<SocketRows> {
  let running: Promise<unknown> = Promise.resolve();
  let next: Promise<SocketRows> | undefined;
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
const ROW = /: ([0-9A-F]+:[0-9A-F]{4}) ([0-9A-F]+:[0-9A-F]{4}) [0-9A-F]{2} \S+ \S+ \S+ +(\d+) +\d+ [1-9]/g;

async function readAll(pieces: AsyncIterable<string>): Promise<SocketRows> {
  const found = new Map<string, SocketRow[]>();
  let rest = '';
  let size = 0;
  for await (const piece of pieces) {
    const text = rest + piece;
    const end = text.lastIndexOf('\n') + 1;
    for (const [, local, remote, user] of text.slice(0, end).matchAll(ROW)) {
      const row = { remote: remote!, user: Number(user) };
      const others = found.get(local!);
      if (others) others.push(row);
      else found.set(local!, [row]);
    }
    rest = text.slice(end);
    size += piece.length;
    if (size > MAX_TABLE_CHARACTERS) break;
  }
  return found;
}

/** The table of this process's network namespace. */
async function* kernelTable(table: string): AsyncGenerator<string> {
  let file: FileHandle;
  try {
    file = await open(`${TABLES}/${table}`);
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

/** An end as the tables write it: words of 32 bits in the machine's own order of bytes, and the port. */
export function endText(address: readonly number[], port: number): string {
  return `${inWords(address)
    .map((byte) => hex(byte, 2))
    .join('')}:${hex(port, 4)}`;
}

/** The same for an IPv4 address of an IPv6 socket (RFC 4291 2.5.5.2). */
export function mappedEndText(address: readonly number[], port: number): string {
  return endText([...new Array<number>(10).fill(0), 0xff, 0xff, ...address], port);
}

/** What `endText` has written, as bytes and port. */
export function readEnd(text: string): { readonly address: readonly number[]; readonly port: number } {
  const [address = '', port = ''] = text.split(':');
  return { address: inWords([...Buffer.from(address, 'hex')]), port: Number.parseInt(port, 16) };
}

function inWords(bytes: readonly number[]): readonly number[] {
  if (endianness() === 'BE') return bytes;
  return Array.from({ length: bytes.length / 4 }, (_, i) => bytes.slice(4 * i, 4 * i + 4).toReversed()).flat();
}

function hex(number: number, digits: number): string {
  return number.toString(16).toUpperCase().padStart(digits, '0');
}
