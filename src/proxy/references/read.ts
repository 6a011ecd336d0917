// Reads a file that holds a secret: only a regular one, of a bounded size, that others cannot read.
// It must not say anything of what is in it.
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { checkPrivate } from '../../store/home.ts';
import { StoreError } from '../../store/store-error.ts';
import { Unresolved } from './reference.ts';

const MAX_BYTES = 64 * 1024;

/** The text of the file. Rejects with Unresolved, with the command to type where its mode is too loose. */
export async function read(path: string): Promise<string> {
  let file: FileHandle | undefined;
  try {
    checkPrivate(path);
    // Without O_NONBLOCK a pipe would be waited for.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if (!(await file.stat()).isFile()) throw new Unresolved(`${path} is not a file`);
    const { bytesRead, buffer } = await file.read(Buffer.alloc(MAX_BYTES + 1), 0, MAX_BYTES + 1, 0);
    if (bytesRead > MAX_BYTES) throw new Unresolved(`${path} is larger than 64 KiB`);
    return buffer.toString('utf8', 0, bytesRead);
  } catch (thrown) {
    if (thrown instanceof Unresolved) throw thrown;
    throw new Unresolved(
      thrown instanceof StoreError ? thrown.message : `${path} cannot be read: ${reason(thrown as NodeJS.ErrnoException)}`,
    );
  } finally {
    await file?.close();
  }
}

function reason({ code }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'it is not there';
  if (code === 'EACCES') return 'permission denied';
  return `${code}`;
}
