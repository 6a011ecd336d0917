// The system keychain of macOS: security add-trusted-cert. Trusted for TLS alone.
// Must not run it.
import { join } from 'node:path';
import { shellWord } from '../../shell-word.ts';
import { entryName, type Place, type Standing, type TrustCertificate, type TrustStore } from '../trust-store.ts';

const KEYCHAIN = '/Library/Keychains/System.keychain';
const TRUST = ['security', 'add-trusted-cert', '-d', '-r', 'trustRoot', '-p', 'ssl', '-p', 'basic', '-k', KEYCHAIN];

/** By what the subject of every CA of ours begins with. */
const FIND = ['security', 'find-certificate', '-a', '-Z', '-c', 'Sallyport CA', KEYCHAIN];

/** The keychain of macOS. */
export const macos: TrustStore = {
  name: 'macos',
  title: 'macOS keychain',
  help: (file) => `sudo ${TRUST.join(' ')} ${shellWord(file)}`,
  helpOut: (at) => `sudo security delete-certificate -t -c 'Sallyport CA' ${at}`,
  places: (machine) => {
    if (machine.platform !== 'darwin') return [];
    const file = (one: TrustCertificate) => join(machine.ownFolder, `${entryName(one)}.pem`);
    const place: Place = {
      at: KEYCHAIN,
      check: async (certificates): Promise<Standing> => {
        const { code, output } = await machine.run(FIND);
        // There is none: 44. Anything else is said without a certificate.
        if (code !== 0 && code !== NOT_FOUND) return { state: 'unknown', why: `security cannot read ${KEYCHAIN} (exit code ${code})` };
        const isThere = certificates[0] !== undefined && output.includes(certificates[0].sha1);
        if (!isThere) return { state: /SHA-1 hash: [0-9A-F]{40}/.test(output) ? 'older' : 'absent' };
        // It may lie there with no trust in it.
        const { output: settings } = await machine.run(['security', 'dump-trust-settings', '-d']);
        return { state: settings.includes(certificates[0]!.subject) ? 'current' : 'older' };
      },
      plan: async (certificates) => ({
        write: certificates.map((one) => ({ path: file(one), content: one.pem, mode: 0o644 })),
        run: certificates.map((one) => ({ argv: [...TRUST, file(one)], root: true })),
        // One of two with the same subject may be gone already.
        undoBefore: certificates.flatMap((one) => [
          { argv: ['security', 'remove-trusted-cert', '-d', file(one)], root: true as const, ifExists: file(one), fine: [1, NOT_FOUND] },
          { argv: ['security', 'delete-certificate', '-Z', one.sha1, KEYCHAIN], root: true as const, fine: [NOT_FOUND] },
        ]),
        manual: macos.help(machine.caFile),
      }),
    };
    return [place];
  },
};

/** errSecItemNotFound as an exit code. */
const NOT_FOUND = 44;
