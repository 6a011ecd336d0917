// What the system says of another process: its memory and its open descriptors. Linux only; elsewhere undefined.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Process id a daemon left in its home. */
export function daemonPid(home: string): number {
  return Number(readFileSync(join(home, 'daemon.pid'), 'utf8'));
}

/** Resident memory now, and the most it ever was, in bytes. */
export function memoryOf(pid: number): { readonly now: number; readonly most: number } | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)![1]) * 1024;
    return { now: kib('VmRSS'), most: kib('VmHWM') };
  } catch {
    return undefined;
  }
}

/** Open descriptors. */
export function descriptorsOf(pid: number): number | undefined {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return undefined;
  }
}
