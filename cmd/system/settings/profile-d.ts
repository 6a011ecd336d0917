// Variables of login shells, for every user who can read the CA of this home: to the others they would only do harm.
// Must not hold a secret: everybody can read the file.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { shellText } from '../../shells.ts';
import type { SystemSetting } from '../setting.ts';

/** `/etc/profile.d/sallyport.sh`. */
export const profileD: SystemSetting = {
  name: 'profile-d',
  unfit: async (mode, { platform, root }, { hasPassword }) => {
    if (mode === 'pac') return 'variables know no PAC file';
    if (platform === 'win32' || !existsSync(join(root, 'etc/profile.d'))) return 'there is no /etc/profile.d here';
    return hasPassword ? 'everybody could read the password of proxy_auth there' : undefined;
  },
  plan: async (_mode, { root }, { change, caPath }) => {
    const path = join(root, 'etc/profile.d/sallyport.sh');
    const condition = shellText('bash', { set: { sallyport_ca: caPath }, unset: [] }).replace(/^export /, '');
    return {
      what: `variables for login shells, in ${path}`,
      write: [
        {
          path,
          content: `# Written by sallyport system on; sallyport system off takes it away.
${condition}
if [ -r "$sallyport_ca" ]; then
${shellText('bash', change)}
fi
unset sallyport_ca
`,
          mode: 0o644,
        },
      ],
      root: true,
      manual: `as root, write what sallyport env --shell bash prints into ${path}`,
    };
  },
};
