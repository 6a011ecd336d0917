// Variables of everything that systemd starts for this user: a desktop's terminals and programs (environment.d(5)). Taken up at the next login.
// Must not let a value become a reference: quotes, backslashes and dollars are escaped.
import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { SystemSetting } from '../setting.ts';

/** `~/.config/environment.d/60-sallyport.conf`. */
export const environmentD: SystemSetting = {
  name: 'environment-d',
  unfit: async (mode, { platform, root }, { change }) => {
    if (mode === 'pac') return 'variables know no PAC file';
    if (platform !== 'linux' || !existsSync(join(root, 'run/systemd/system'))) return 'there is no systemd here';
    // The format has no escape for the end of a line.
    return Object.values(change.set).some((value) => /\p{Cc}/u.test(value)) ? 'a value has a line end, which it cannot hold' : undefined;
  },
  plan: async (_mode, { environment, userHome }, { change }) => {
    const config = environment.XDG_CONFIG_HOME;
    const folder = config !== undefined && isAbsolute(config) ? config : join(userHome, '.config');
    const path = join(folder, 'environment.d/60-sallyport.conf');
    const lines = Object.entries(change.set).map(([name, value]) => `${name}="${value.replace(/[\\"$`]/g, '\\$&')}"`);
    return {
      what: `variables for the programs of your desktop, in ${path}, from the next login on`,
      write: [
        { path, content: `# Written by sallyport system on; sallyport system off takes it away.\n${lines.join('\n')}\n`, mode: 0o600 },
      ],
      manual: `write what sallyport env prints, without export, into ${path}`,
    };
  },
};
