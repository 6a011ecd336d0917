// Tokens for the commands under `run`: made when one begins, gone when it has ended, and short-lived in between, should we end first.
// Must not know how a command is told.
import type { Tokens } from '../src/store/tokens.ts';

/** The tokens of running commands. */
export interface RunTokens {
  /** Throws LockedError, NoSuchProfile. */
  issue(profile: string): { readonly token: string; release(): void };
  /** Those still in use last on; called more often than they expire. */
  renew(): void;
  /** Ends them all; what is released after that is gone already. */
  close(): void;
}

const LIFE_MS = 6 * 3_600_000;

/** Issues from the table. `now` is the wall clock, ms. */
export function openRunTokens(tokens: Tokens, now: () => number): RunTokens {
  const running = new Set<string>();
  const end = (id: string): void => {
    if (!running.delete(id)) return;
    try {
      tokens.remove(id);
    } catch {
      // A full disk. It expires by itself.
    }
  };
  return {
    issue(profile) {
      const { token, row } = tokens.create({ profile, expiresAtMs: now() + LIFE_MS, note: 'a command under run' });
      running.add(row.id);
      return { token, release: () => end(row.id) };
    },
    renew() {
      for (const id of running) tokens.prolong(id, now() + LIFE_MS);
    },
    close() {
      for (const id of running) end(id);
    },
  };
}
