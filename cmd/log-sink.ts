// Where log lines go: standard error while somebody watches, a file otherwise. Must not let a reader that does not read, or
// a full disk, hold up the daemon.
import { openSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { checkPrivate } from '../src/store/home.ts';

const MAX_WAITING_BYTES = 1024 * 1024;
const MAX_FILE_BYTES = 10 * 1024 * 1024;

/** Writes to a stream as long as its reader keeps up; then lines are dropped, and their number is told when it does again. */
export function streamSink(stream: NodeJS.WriteStream): (line: string) => void {
  let dropped = 0;
  return (line) => {
    if (stream.writableLength > MAX_WAITING_BYTES) {
      dropped++;
      return;
    }
    if (dropped > 0) stream.write(`(${dropped} log lines were not read in time and are lost)\n`);
    dropped = 0;
    stream.write(line);
  };
}

/** Opens `<home>/sallyport.log` to append, 0600; a file that has grown large becomes `sallyport.log.1`. Gives the descriptor. */
export function openLogFile(home: string): number {
  const path = logPath(home);
  checkPrivate(path);
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > MAX_FILE_BYTES) renameSync(path, `${path}.1`);
  return openSync(path, 'a', 0o600);
}

/** The log of a daemon in the background. */
export function logPath(home: string): string {
  return join(home, 'sallyport.log');
}
