// Databases of NSS, which Chromium on Linux and Firefox everywhere keep: certutil reads and writes them, also while the browser runs.
// Must not know whose they are.
import { join } from 'node:path';
import { shellWord } from '../shell-word.ts';
import { CertFault } from './cert-fault.ts';
import { entryName, holds, type Machine, OURS, type Place, type PlannedRun, type Standing, type TrustCertificate } from './trust-store.ts';

/** Where certutil of NSS comes from. Windows has another program of that name. */
const NO_CERTUTIL =
  'certutil is not here: install libnss3-tools (Debian), nss-tools (Fedora, Alpine), nss (Arch, Homebrew) or mozilla-nss-tools (openSUSE)';

/** How to do it by hand. */
export function nssHelp(file: string, folder: string): string {
  return `certutil -A -d ${word(folder)} -t C,, -n sallyport -a -i ${shellWord(file)}`;
}

/** How to take it out by hand. */
export function nssHelpOut(folder: string): string {
  return `certutil -L -d ${word(folder)} shows its name, certutil -D -d ${word(folder)} -n NAME takes it out`;
}

/** The user's own home may be left to the shell. */
function word(folder: string): string {
  return folder.startsWith('$HOME/') ? `sql:${folder}` : shellWord(`sql:${folder}`);
}

/** The database in `folder`, which has a cert9.db. */
export function nssPlace(machine: Machine, folder: string): Place {
  const database = `sql:${folder}`;
  const look = (certificate: TrustCertificate): PlannedRun => ({
    argv: ['certutil', '-L', '-d', database, '-n', entryName(certificate), '-a'],
  });
  return {
    at: folder,
    check: async (certificates): Promise<Standing> => {
      if (!hasCertutil(machine)) return { state: 'unknown', why: NO_CERTUTIL };
      const { code, output } = await machine.run(['certutil', '-L', '-d', database]);
      if (code !== 0) return { state: 'unknown', why: `certutil cannot read it (exit code ${code})` };
      const current = certificates[0];
      if (current && output.includes(entryName(current)) && holds((await machine.run(look(current).argv)).output, current))
        return { state: 'current' };
      return { state: output.includes(OURS) ? 'older' : 'absent' };
    },
    plan: async (certificates) => {
      if (!hasCertutil(machine)) throw new CertFault(NO_CERTUTIL);
      return {
        run: certificates.map((one) => ({
          argv: ['certutil', '-A', '-d', database, '-t', 'C,,', '-n', entryName(one), '-a'],
          input: one.pem,
        })),
        undoBefore: certificates.map((one) => ({
          argv: ['certutil', '-D', '-d', database, '-n', entryName(one)],
          ifExists: join(folder, 'cert9.db'),
          when: look(one),
        })),
        manual: nssHelp(machine.caFile, folder),
      };
    },
  };
}

/** Folders with a database among those that `patterns` name; `*` stands for one name. */
export function databases(machine: Machine, patterns: readonly (readonly string[])[]): readonly string[] {
  const found = patterns.flatMap((parts) =>
    parts.reduce<string[]>(
      (folders, part) => folders.flatMap((f) => (part === '*' ? machine.list(f).map((name) => join(f, name)) : [join(f, part)])),
      [machine.userHome],
    ),
  );
  const real = found.filter((folder) => machine.exists(join(folder, 'cert9.db'))).map((folder) => machine.realPath(folder));
  return [...new Set(real)];
}

function hasCertutil(machine: Machine): boolean {
  return machine.platform !== 'win32' && machine.find('certutil') !== undefined;
}
