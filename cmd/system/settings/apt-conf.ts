// apt fetches packages as a user of its own, so it is told of a proxy only where the daemon serves that user.
// Must not hold a secret: everybody can read the file.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { carryOut } from '../../changes/hands.ts';
import type { SystemSetting } from '../setting.ts';

/** `/etc/apt/apt.conf.d/60sallyport`. */
export const aptConf: SystemSetting = {
  name: 'apt-conf',
  unfit: async (mode, { root, hands }, { hasPassword, serves }) => {
    if (mode === 'pac') return 'apt knows no PAC file';
    if (!existsSync(join(root, 'etc/apt/apt.conf.d'))) return 'there is no apt here';
    if (hasPassword) return 'everybody could read the password of proxy_auth there';
    const { code, output } = await carryOut({ argv: ['id', '-u', '--', '_apt'] }, hands, () => {});
    const uid = Number(output.trim());
    if (code !== 0 || serves(uid)) return undefined;
    return `apt fetches as user _apt, whom the daemon asks for a token: add ${uid} to allow_uids`;
  },
  plan: async (_mode, { root }, { url }) => {
    const path = join(root, 'etc/apt/apt.conf.d/60sallyport');
    const lines = ['http', 'https'].map((scheme) => `Acquire::${scheme}::Proxy "${url}";`);
    return {
      what: `the proxy of apt, in ${path}`,
      write: [
        { path, content: `// Written by sallyport system on; sallyport system off takes it away.\n${lines.join('\n')}\n`, mode: 0o644 },
      ],
      root: true,
      manual: `as root, write into ${path}: ${lines.join(' ')}`,
    };
  },
};
