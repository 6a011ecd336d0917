// Where the control socket lies, and how to name it to the kernel: addresses of Unix sockets hold about a hundred bytes.
// Must not open the socket itself.
import { closeSync, openSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** A name the kernel takes; `release()` when no socket is opened or closed by it any more. */
export interface SocketAddress {
  readonly address: string;
  release(): void;
}

/** sockaddr_un.sun_path without its NUL: 108 on Linux, 104 on macOS and the BSDs. */
const MAX_BYTES = process.platform === 'linux' ? 107 : 103;

/** The control socket of a home. */
export function controlPath(home: string): string {
  return process.platform === 'win32' ? `\\\\.\\pipe\\sallyport-${Buffer.from(home).toString('base64url')}` : join(home, 'control.sock');
}

/** A path that is too long is reached through its folder's descriptor where there is /proc. Throws Error, one sentence. */
export function socketAddress(path: string): SocketAddress {
  if (Buffer.byteLength(path) <= MAX_BYTES || process.platform === 'win32') return { address: path, release: () => {} };
  if (process.platform !== 'linux')
    throw new Error(`the path ${path} is too long for a socket (${MAX_BYTES} bytes): choose a shorter home`);
  const folder = openSync(dirname(path), 'r');
  return { address: `/proc/self/fd/${folder}/${basename(path)}`, release: () => closeSync(folder) };
}
