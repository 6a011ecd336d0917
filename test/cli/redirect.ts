// Transparent mode on a stage: a user of its own whose HTTPS is redirected, a CLI that this user may run, and names that lead somewhere.
// Needs a namespace in which we are root and every user is there (canRedirect). Must not know what the CLI does.
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { refuseOutside } from '../support/namespace.ts';
import { VAULT_KEYS } from './cli-runs.ts';
import { type CliName, cacheFolder } from './install.ts';
import { type Run, start } from './processes.ts';

/** Nobody's, until now. */
const USER = 64_999;
/** Nobody listens there: it is only to be redirected. */
const ADDRESS = '9.9.9.9';

/** Where the installed CLIs are seen by every user, whoever may enter the folder they lie in: outside all that a stage removes, and read-only. */
const PROGRAMS = '/mnt';

/** Lines of the configuration. */
export const REDIRECTED_SETTINGS = { transparent_port: 8899, allow_uids: ['self', USER] };

/** Leads the CLI's hosts to an address, makes its program reachable for the user, and lets `ask` run `transparent on` and print the CA. */
export async function redirect(folder: string, cli: CliName, ask: (words: readonly string[]) => Promise<string>): Promise<void> {
  refuseOutside();
  const hosts = join(folder, 'hosts');
  writeFileSync(hosts, `127.0.0.1 localhost\n${ADDRESS} ${VAULT_KEYS[cli].hosts.join(' ')}\n`);
  chmodSync(folder, 0o711);
  system('ip', 'addr', 'add', `${ADDRESS}/32`, 'dev', 'lo');
  system('mount', '--bind', hosts, '/etc/hosts');
  showPrograms();
  await ask(['transparent', 'on', '--uid', String(USER)]);
  writeFileSync(caFile(folder), await ask(['ca', 'export']), { mode: 0o644 });
}

/** Starts the CLI as that user, with no word of a proxy in its environment; all it is told is which CA to trust. */
export function startRedirected(
  folder: string,
  [program = '', ...words]: readonly string[],
  { cwd, home }: { readonly cwd: string; readonly home: string },
  environment: Readonly<Record<string, string>>,
): Run {
  for (const path of [cwd, home, join(cwd, '..')]) chownSync(path, USER, USER);
  const command = [join(PROGRAMS, relative(cacheFolder(), program)), ...words];
  return start(command, cwd, { ...environment, NODE_EXTRA_CA_CERTS: caFile(folder) }, undefined, USER);
}

const caFile = (folder: string) => join(folder, 'sallyport-ca.pem');

/** Throws where what lies there could be changed through it: a stage clears up behind itself. */
function showPrograms(): void {
  system('mount', '--bind', cacheFolder(), PROGRAMS);
  system('mount', '-o', 'remount,bind,ro', PROGRAMS);
  try {
    writeFileSync(join(PROGRAMS, '.writable'), '');
  } catch {
    return;
  }
  rmSync(join(PROGRAMS, '.writable'));
  throw new Error(`${PROGRAMS} is not read-only`);
}

function system(...argv: readonly string[]): void {
  const { status, stderr } = spawnSync(argv[0]!, argv.slice(1), { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${argv.join(' ')}: ${stderr}`);
}
