// Runs a program in a mount and network namespace of its own: what it writes to the system's folders goes into memory and is gone afterwards,
// and there is no network but loopback. For what would change the machine that the tests run on.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The folders that are private. */
export const PRIVATE_FOLDERS: readonly string[] = ['/etc', '/usr/local/share', '/var/lib'];

const NAMESPACES = process.getuid?.() === 0 ? '-nm' : '-rnm';
const OVERLAYS = [
  'ip link set lo up',
  'mount -t tmpfs none "$1"',
  ...PRIVATE_FOLDERS.flatMap((folder, i) => [
    `mkdir "$1/upper${i}" "$1/work${i}"`,
    `mount -t overlay overlay -o "lowerdir=${folder},upperdir=$1/upper${i},workdir=$1/work${i}" ${folder}`,
  ]),
];

function unshared(folder: string, ...steps: readonly string[]): string[] {
  return [NAMESPACES, 'sh', '-ec', [...OVERLAYS, ...steps].join('\n'), 'sh', folder];
}

/** Whether this machine lets us make one; tests that need it do not run otherwise. */
export const canBePrivate: boolean =
  process.platform === 'linux' && inScratch((folder) => spawnSync('unshare', unshared(folder)).status === 0);

function inScratch<T>(act: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'sp-mnt-'));
  try {
    return act(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs `node script WORKDIR ARGS...` inside, WORKDIR being an empty folder in memory, and gives what it printed as JSON. Rejects with its output when it fails. */
export async function runInPrivateSystem<T>(script: string, args: readonly string[] = [], timeoutMs = 120_000): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'sp-mnt-'));
  try {
    const words = unshared(folder, 'mkdir "$1/work"', 'work=$1/work node=$2 script=$3', 'shift 3', 'exec "$node" "$script" "$work" "$@"');
    const child = spawn('unshare', [...words, process.execPath, script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (d: Buffer) => out.push(d));
    child.stderr.on('data', (d: Buffer) => err.push(d));
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    const [code] = await once(child, 'close');
    clearTimeout(timer);
    if (code !== 0) throw new Error(`the scene ended with ${code}: ${Buffer.concat([...out, ...err])}`);
    return JSON.parse(Buffer.concat(out).toString()) as T;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
