// Tells whoever waits that the daemon listens: a file or a file descriptor.
// Must not be told before every door is open.
import { closeSync, renameSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Config } from '../src/config.ts';
import { CommandFailure, EXIT } from './failure.ts';

/** What is written, as one line of JSON. */
export interface Ready {
  /** `host:port`. */
  readonly listen: string;
  /** Path of the CA certificate. */
  readonly ca: string;
  /** Path of the control socket. */
  readonly control: string;
  readonly pid: number;
}

/** Refuses, before anything is opened, a place that cannot be written later. Throws CommandFailure. */
export function checkReadyPlace(config: Config): void {
  const file = config.ready_file;
  if (file === undefined) return;
  const folder = statSync(dirname(file), { throwIfNoEntry: false });
  if (!folder?.isDirectory()) throw new CommandFailure(EXIT.failed, `ready_file: the folder ${dirname(file)} is not there`);
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) throw new CommandFailure(EXIT.failed, `ready_file: ${file} is a folder`);
}

/** Throws CommandFailure where it cannot be written. */
export function announce(config: Config, ready: Ready): void {
  const line = `${JSON.stringify(ready)}\n`;
  try {
    if (config.ready_file !== undefined) {
      const draft = `${config.ready_file}.${process.pid}.new`;
      writeFileSync(draft, line);
      renameSync(draft, config.ready_file);
    }
    if (config.ready_fd !== undefined) {
      writeSync(config.ready_fd, line);
      // 1 and 2 are still needed; any other descriptor is there for this line alone.
      if (config.ready_fd > 2) closeSync(config.ready_fd);
    }
  } catch (thrown) {
    const where = config.ready_fd === undefined ? `ready_file: ${config.ready_file}` : `ready_fd: descriptor ${config.ready_fd}`;
    throw new CommandFailure(EXIT.failed, `${where} cannot be written (${(thrown as NodeJS.ErrnoException).code})`);
  }
}
