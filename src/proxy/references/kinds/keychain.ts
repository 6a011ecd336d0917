// The keychain of the desktop, through the system's own program: `security` of macOS, `secret-tool` of libsecret elsewhere.
// It must not change anything in it.
import { type ReferenceKind, Unresolved } from '../reference.ts';

/** `keychain:SERVICE/ACCOUNT`. The account is what follows the last slash. */
export const keychain: ReferenceKind = {
  name: 'keychain',
  form: 'keychain:SERVICE/ACCOUNT',
  isWellFormed: (where) => /^[^/-](.*[^/])?\/[^/-][^/]*$/.test(where),
  resolve: async (where, { run, platform }) => {
    if (platform === 'win32') throw new Unresolved('there is no keychain for it on Windows: use another kind of reference');
    const at = where.lastIndexOf('/');
    const [service, account] = [where.slice(0, at), where.slice(at + 1)];
    const words =
      platform === 'darwin'
        ? ['security', 'find-generic-password', '-w', '-s', service, '-a', account]
        : ['secret-tool', 'lookup', 'service', service, 'account', account];
    return { value: await run(words, 'install libsecret-tools') };
  },
};
