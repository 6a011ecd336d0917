// Who uses a daemon that lives for its users alone: it ends with the last of them, or when none came.
// Must not know what holding is for.
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
