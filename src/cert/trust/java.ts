// The keystores of Java runtimes: JAVA_HOME, those where packagers put them, and the one that `java` in PATH belongs to. keytool changes a
// copy, which takes the keystore's place whole, so that nothing can be torn and the old one comes back byte by byte.
import { dirname, join } from 'node:path';
import { shellWord } from '../../shell-word.ts';
import { CertFault } from '../cert-fault.ts';
import { entryName, type Machine, OURS, type Place, type Standing, type TrustCertificate, type TrustStore } from '../trust-store.ts';

/** The password that every cacerts has; it keeps nothing secret. */
const PASSWORD = ['-storepass', 'changeit'];
/** keytool speaks the user's language otherwise. */
const PLAIN = '-J-Duser.language=en';
const FOLDERS = ['/usr/lib/jvm', '/usr/java', '/opt', '/opt/java', '/Library/Java/JavaVirtualMachines', 'C:\\Program Files\\Java'];
const USER_FOLDERS = [
  ['.sdkman', 'candidates', 'java'],
  ['.jdks'],
  ['.asdf', 'installs', 'java'],
  ['Library', 'Java', 'JavaVirtualMachines'],
];

/** Java's. */
export const java: TrustStore = {
  name: 'java',
  title: 'Java',
  help: (file) => `keytool -importcert -noprompt -cacerts ${PASSWORD.join(' ')} -alias sallyport -file ${shellWord(file)}`,
  helpOut: (at) => `keytool -delete -keystore ${shellWord(at)} ${PASSWORD.join(' ')} -alias ALIAS, with the alias that keytool -list shows`,
  places: (machine) => {
    const seen = new Set<string>();
    return homes(machine).flatMap((home) => {
      const keystore = [join(home, 'lib/security/cacerts'), join(home, 'jre/lib/security/cacerts')].find(machine.exists);
      if (keystore === undefined) return [];
      const real = machine.realPath(keystore);
      if (seen.has(real)) return [];
      seen.add(real);
      return [place(machine, real, join(home, 'bin/keytool'))];
    });
  },
};

function homes(machine: Machine): string[] {
  const inside = (folder: string) => machine.list(folder).flatMap((name) => [join(folder, name), join(folder, name, 'Contents/Home')]);
  const program = machine.find('java');
  return [
    ...(machine.environment.JAVA_HOME ? [machine.environment.JAVA_HOME] : []),
    ...(program === undefined ? [] : [dirname(dirname(machine.realPath(program)))]),
    ...FOLDERS.flatMap(inside),
    ...USER_FOLDERS.flatMap((parts) => inside(join(machine.userHome, ...parts))),
  ];
}

function place(machine: Machine, keystore: string, ownTool: string): Place {
  const tool = machine.find(ownTool) ?? machine.find('keytool');
  const keytool = (verb: string, store: string, ...words: readonly string[]) => [
    tool ?? 'keytool',
    PLAIN,
    verb,
    '-keystore',
    store,
    ...PASSWORD,
    ...words,
  ];
  const missing = `keytool is not here: install a JDK, or set JAVA_HOME to the one that ${keystore} belongs to`;
  const listed = async (store: string) => {
    const { code, output } = await machine.run(keytool('-list', store));
    return code === 0 ? output : undefined;
  };

  return {
    at: keystore,
    check: async (certificates): Promise<Standing> => {
      if (tool === undefined) return { state: 'unknown', why: missing };
      const output = await listed(keystore);
      if (output === undefined) return { state: 'unknown', why: 'keytool cannot read it: it is broken, or has a password of its own' };
      if (certificates[0] && output.includes(certificates[0].fingerprint256)) return { state: 'current' };
      return { state: output.includes(OURS) ? 'older' : 'absent' };
    },
    plan: (certificates) => {
      if (tool === undefined) throw new CertFault(missing);
      return machine.scratch(async (scratch) => {
        const before = machine.read(keystore);
        if (!before) throw new CertFault(`${keystore} cannot be read`);
        const copy = scratch.write('cacerts', before);
        const there = (await listed(copy)) ?? '';
        const stale = aliases(there).filter((alias) => !certificates.some((one) => entryName(one) === alias));
        const must = async (argv: readonly string[]) => {
          const { code, output } = await machine.run(argv);
          const last = output.trim().split('\n').at(-1)?.trim();
          if (code !== 0)
            throw new CertFault(
              `keytool failed on a copy of ${keystore} with exit code ${code} (${last}); by hand: ${java.help(machine.caFile)}`,
            );
        };
        for (const alias of stale) await must(keytool('-delete', copy, '-alias', alias));
        for (const one of certificates.filter(({ fingerprint256 }) => !there.includes(fingerprint256))) {
          const file = scratch.write(`${entryName(one)}.pem`, one.pem);
          await must(keytool('-importcert', copy, '-noprompt', '-trustcacerts', '-alias', entryName(one), '-file', file));
        }
        return {
          write: [{ path: keystore, content: machine.read(copy) ?? before, byTool: true }],
          // Where the keystore was changed since, by an upgrade for one.
          undoAfter: certificates.map((one: TrustCertificate) => ({
            argv: keytool('-delete', keystore, '-alias', entryName(one)),
            ifExists: keystore,
            when: { argv: keytool('-list', keystore, '-alias', entryName(one)) },
            ...(machine.canWrite(keystore) ? {} : { root: true as const }),
          })),
          manual: java.help(machine.caFile),
        };
      });
    },
  };
}

/** Those of ours in a list of keytool's. */
function aliases(list: string): string[] {
  return [...list.matchAll(/^(sallyport-[0-9a-f]{16}),/gm)].map(([, alias]) => alias!);
}
