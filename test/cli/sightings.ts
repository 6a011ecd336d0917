// Where a key was seen that should be nowhere: environments and command lines of processes while they run, and files.
// Must not know what the processes are.
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { leaksOf } from '../support/secret-forms.ts';

/** What was seen of the processes. */
export interface Sightings {
  /** A line for each environment or command line that held the key. */
  readonly leaks: readonly string[];
  /** Command lines of those whose environment held what stands for it, so that it is known who was looked at. */
  readonly holders: readonly string[];
}

const LOOK_EVERY_MS = 20;

/** A key that nobody else has: random letters and digits after a prefix. */
export function markedKey(prefix: string, length: number): string {
  return (
    prefix +
    randomBytes(length)
      .toString('hex')
      .slice(0, length - prefix.length)
  );
}

/** Looks at all processes until the function it returns is called. Linux only: elsewhere nothing is seen. */
export function watchProcesses(key: string): (placeholder: string) => Sightings {
  const seen = new Map<string, string>();
  const look = () => {
    for (const pid of processes()) {
      const command = contents(`/proc/${pid}/cmdline`);
      seen.set(`${pid} ${command}`, contents(`/proc/${pid}/environ`));
    }
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  return (placeholder) => {
    clearInterval(timer);
    look();
    const lines = [...seen].flatMap(([command, environment]) =>
      leaksOf(key, `${command}\n${environment}`).map((form) => `${command}: ${form}`),
    );
    return { leaks: lines, holders: [...seen].filter(([, environment]) => environment.includes(placeholder)).map(([command]) => command) };
  };
}

/** Files below `folder` that hold the key in any form, with the form. */
export function filesWith(folder: string, key: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .flatMap((file) => leaksOf(key, contents(file)).map((form) => `${relative(folder, file)}: ${form}`));
}

function processes(): string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

function contents(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    // It has gone, or is not ours to read.
    return '';
  }
}
