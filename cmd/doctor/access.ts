// Checks who may use the proxy, by the settings and by what this system can tell.
// Must not look at a token.
import type { Config } from '../../src/config.ts';
import { type Finding, found } from './finding.ts';

/** `self` is this user's id; `tells`: the system says whose program is at the other end of a connection. */
export function checkAccess(config: Config, self: number | undefined, tells: boolean): Finding {
  const { proxy_auth, allow_uids } = config;
  if (proxy_auth !== undefined) return found.ok('access', 'whoever has the password of proxy_auth or a token');
  if (allow_uids.includes('any'))
    return found.warn('access', 'every user of this machine, without a token', 'allow_uids: [self], and sallyport token create for others');
  if (allow_uids.length === 0) return found.ok('access', 'whoever has a token, and nobody else');
  if (!tells && allow_uids.includes('self'))
    return found.warn(
      'access',
      'every user of this machine: the system does not tell whose program connects',
      'where others use it too, allow_uids: [none], and sallyport token create for each client',
    );
  const users = allow_uids.map((user) => (user === 'self' ? `user ${self ?? 'of the daemon'}` : `user ${user}`));
  return found.ok('access', `programs of ${users.join(', ')} on this machine; whoever else has a token`);
}
