// Whose programs on this machine may use the proxy without a token: those of the daemon's own user, unless `allow_uids` says otherwise.
// Must not know how the user of a connection is found.
import type { Config } from '../src/config.ts';
import type { Connected, PeerUser } from '../src/proxy/ingress/ends.ts';

/** The question and the answer, as the proxy takes them. */
export interface AllowedUsers {
  readonly peerUser: (connected: Connected) => Promise<PeerUser>;
  readonly needsNoToken: (user: PeerUser) => boolean;
}

/** `allowed` is read anew each time; `self` is undefined where the system has no user ids; `ask` finds the user of a connection. */
export function allowedUsers(
  allowed: () => Config['allow_uids'],
  self: number | undefined,
  ask: (connected: Connected) => Promise<PeerUser>,
): AllowedUsers {
  return {
    // Where the answer changes nothing, nothing is looked up.
    peerUser: (connected) => (allowed().length === 0 || allowed().includes('any') ? Promise.resolve('untold') : ask(connected)),
    needsNoToken: (user) => {
      if (user === 'absent') return false;
      // Where it cannot be told, everybody on the machine is taken for our own user, and doctor says so.
      return allowed().some((one) => one === 'any' || one === user || (one === 'self' && (user === self || user === 'untold')));
    },
  };
}

/** Whether a program of our own user has to bring a token: neither a password nor its user lets it in. */
export function ownNeedToken({ proxy_auth, allow_uids }: Config, self: number | undefined): boolean {
  return proxy_auth === undefined && !allow_uids.some((one) => one === 'any' || one === 'self' || one === self);
}
