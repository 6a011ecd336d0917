// The root store of the user on Windows: certutil -addstore, which asks the user itself. No administrator is needed.
// Must not run it.
import { join } from 'node:path';
import { entryName, type Place, type Standing, type TrustCertificate, type TrustStore } from '../trust-store.ts';

const certutil = (...words: readonly string[]) => ['certutil', '-user', ...words];

/** The store of Windows. */
export const windows: TrustStore = {
  name: 'windows',
  title: 'Windows root store',
  help: (file) => certutil('-addstore', 'Root', file).join(' '),
  helpOut: () => certutil('-delstore', 'Root', '"Sallyport local"').join(' '),
  places: (machine) => {
    if (machine.platform !== 'win32') return [];
    const file = (one: TrustCertificate) => join(machine.ownFolder, `${entryName(one)}.pem`);
    const place: Place = {
      at: 'Root',
      check: async (certificates): Promise<Standing> => {
        const [current] = certificates;
        const { code: missing, output } = await machine.run(certutil('-store', 'Root'));
        if (missing !== 0) return { state: 'unknown', why: `certutil cannot read the store (exit code ${missing})` };
        // Hashes are printed with or without blanks, by version.
        const hashes = output.replaceAll(/[ \t]/g, '').toUpperCase();
        if (current && hashes.includes(current.sha1)) return { state: 'current' };
        return { state: output.includes('Sallyport CA') ? 'older' : 'absent' };
      },
      plan: async (certificates) => ({
        write: certificates.map((one) => ({ path: file(one), content: one.pem })),
        run: certificates.map((one) => ({ argv: certutil('-addstore', '-f', 'Root', file(one)) })),
        undoBefore: certificates.map((one) => ({
          argv: certutil('-delstore', 'Root', one.sha1),
          when: { argv: certutil('-store', 'Root', one.sha1) },
        })),
        manual: windows.help(machine.caFile),
      }),
    };
    return [place];
  },
};
