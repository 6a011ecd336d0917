// Runs a program in a network namespace of its own: nothing there but loopback, and names that lead where the test says. For cases
// that name addresses which must never be dialled on a real machine.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether one can be made in which a packet filter works and there are several users: root may, where nftables is installed. */
export const canRedirect: boolean =
  process.platform === 'linux' && process.getuid?.() === 0 && spawnSync('unshare', ['-nm', 'nft', 'list', 'ruleset']).status === 0;

/** Whether this machine lets us make one; tests that need it are skipped otherwise. */
export const canIsolate: boolean =
  process.platform === 'linux' && spawnSync('unshare', ['-rnm', 'sh', '-c', 'ip link set lo up && command -v mount']).status === 0;

/** For programs that change the machine they are on: throws anywhere but in a namespace of their own, which has nothing but loopback. */
export function refuseOutside(): void {
  const others = Object.keys(networkInterfaces()).filter((name) => name !== 'lo');
  if (others.length > 0) throw new Error(`this belongs into a network namespace of its own; here is ${others.join(', ')}`);
}

export interface Isolation {
  /** Addresses that loopback has besides its own. */
  readonly addresses: readonly string[];
  /** Lines of /etc/hosts. */
  readonly hosts: readonly string[];
  /** Every user of the machine is there (`canRedirect`), not root alone. */
  readonly hasUsers?: boolean;
  /** 30 s unless given. */
  readonly limitMs?: number;
}

/** Whatever the program leaves running ends with it. */
const WITH_USERS = ['-n', '-m', '-p', '--fork', '--mount-proc', '--kill-child=KILL'];

/** Runs `node script` inside and gives what it printed as JSON. Rejects with its output when it fails. */
export async function runIsolated(script: string, isolation: Isolation): Promise<unknown> {
  const folder = mkdtempSync(join(tmpdir(), 'sp-ns-'));
  try {
    const hosts = join(folder, 'hosts');
    writeFileSync(hosts, `${isolation.hosts.join('\n')}\n`);
    const steps = [
      'ip link set lo up',
      ...isolation.addresses.map((a) => `ip addr add ${a}/${a.includes(':') ? '128 nodad' : 32} dev lo`),
      'mount --bind "$1" /etc/hosts',
      'exec "$2" "$3"',
    ];
    const child = spawn(
      'unshare',
      [...(isolation.hasUsers ? WITH_USERS : ['-rnm']), 'sh', '-ec', steps.join('\n'), 'sh', hosts, process.execPath, script],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (d: Buffer) => out.push(d));
    child.stderr.on('data', (d: Buffer) => err.push(d));
    const timer = setTimeout(() => child.kill('SIGKILL'), isolation.limitMs ?? 30_000);
    const [code] = await once(child, 'close');
    clearTimeout(timer);
    if (code !== 0) throw new Error(`the isolated program ended with ${code}: ${Buffer.concat([...out, ...err])}`);
    return JSON.parse(Buffer.concat(out).toString());
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
