// Who uses a daemon that lives for its users alone: it ends with the last of them, or when none came.
// Must not know what holding is for.
import type { Controlled } from '../src/proxy/control/messages.ts';
import { DEFAULT_PROFILE } from '../src/rules/profile.ts';
import { unreffed } from './timers.ts';

/** An ephemeral daemon that nobody came to hold ends after this. */
const UNCLAIMED_MS = 30_000;

/** Counts holders. `onLastGone` is called where the daemon is ephemeral and nobody holds it any more. */
export function countHolders(isEphemeral: boolean, onLastGone: () => void): { hold(): () => void } {
  let count = 0;
  let cancel = isEphemeral ? unreffed(onLastGone, UNCLAIMED_MS) : () => {};
  return {
    hold: () => {
      count++;
      cancel();
      cancel = () => {};
      let held = true;
      return () => {
        if (held) count--;
        held = false;
        if (count === 0 && isEphemeral) onLastGone();
      };
    },
  };
}

/** What a hold is made of. */
export interface HoldParts {
  /** A command of our own user needs a token. */
  readonly needsToken: () => boolean;
  readonly issueToken: (profile: string) => { readonly token: string; release(): void };
  /** What stands for keys, and is none. */
  readonly standing: () => readonly string[];
  /** Takes values as known until the returned function is called. */
  readonly learn: (values: readonly string[]) => () => void;
  readonly holders: { hold(): () => void };
}

/** Holding the daemon for a command: its secrets are known and its token is valid for as long. */
export function holding({ needsToken, issueToken, standing, learn, holders }: HoldParts): Controlled['hold'] {
  return (values, profile) => {
    const issued = profile !== undefined || needsToken() ? issueToken(profile ?? DEFAULT_PROFILE.name) : undefined;
    const ours = standing();
    const forget = learn(values.filter((value) => !ours.includes(value)));
    const release = holders.hold();
    return {
      token: issued?.token,
      release: () => {
        issued?.release();
        forget();
        release();
      },
    };
  };
}
