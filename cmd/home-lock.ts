// One daemon for one home, and a file that says which.
// Must not know what the daemon does.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { takeLock } from '../src/store/lock.ts';
import { CommandFailure, EXIT, explain } from './failure.ts';

/** Takes the lock and leaves the process id beside it. Throws CommandFailure that names who holds it. */
export function lockHome(home: string, opening: AsyncDisposableStack): void {
  const pidFile = join(home, 'daemon.pid');
  const lock = takeLock(join(home, 'daemon.lock'));
  if (!lock) {
    throw new CommandFailure(
      EXIT.failed,
      `a daemon is already running for ${home} (pid ${pidIn(pidFile)}): stop it, or give --home another folder`,
      'taken',
    );
  }
  opening.defer(() => lock.close());
  try {
    writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o600 });
  } catch (thrown) {
    throw new CommandFailure(EXIT.failed, `${pidFile} cannot be written: ${explain(thrown).line}`);
  }
  opening.defer(() => rmSync(pidFile, { force: true }));
}

function pidIn(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim() || 'unknown';
  } catch {
    return 'unknown';
  }
}
