// What keeps a daemon running on a system: systemd, launchd. Each says what installing takes, how to look, and where the log is.
// Must not know the other one, nor change anything: the journal's hands do.
import type { Order } from '../changes/act.ts';
import type { Run } from '../changes/change.ts';
import type { Hands } from '../changes/hands.ts';
import type { Program } from './program.ts';

/** For whom: one user, or the machine. */
export type Scope = 'user' | 'system';

/** What is installed, in words for people where not said otherwise. */
export interface State {
  readonly isInstalled: boolean;
  readonly isRunning: boolean;
  readonly isEnabled: boolean;
  readonly pid: number | undefined;
  /** `active (running)`. */
  readonly summary: string;
  /** Where its description lies. */
  readonly path: string;
}

/** Where things are on this machine. */
export interface Surroundings {
  readonly scope: Scope;
  readonly userHome: string;
  readonly userId: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Before the paths of the system's own folders; '' but in tests. */
  readonly rootFolder: string;
}

/** What is to be kept running. */
export interface Kept {
  readonly program: Program;
  /** Absolute; undefined where the description says it by itself. */
  readonly home: string | undefined;
  readonly configFile: string | undefined;
  /** `host:port`. */
  readonly listen: string;
  /** Whether the daemon can tell its state without a child that does. */
  readonly speaksItself: boolean;
}

/** One way to keep a daemon running. */
export interface Keeper {
  /** From which the daemon will read its settings. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Why it cannot be used here, in one line; undefined: it can. */
  absent(hands: Hands): Promise<string | undefined>;
  /** The change that installs, enables and starts it. Throws CommandFailure. */
  order(kept: Kept): Order;
  /** Starts and enables what is installed already. */
  readonly start: readonly Run[];
  look(hands: Hands): Promise<State>;
  /** The program that shows the log. */
  logs(how: { readonly follow: boolean; readonly lines: number; readonly json: boolean; readonly home: string }): readonly string[];
  /** What is good to know once it is installed. */
  readonly hints: readonly string[];
  /** What uninstalling leaves, and how it goes: before the service is taken away, and after. Undefined: nothing. */
  readonly purge: { readonly what: string; readonly before: readonly Run[]; readonly after: readonly Run[] } | undefined;
}

/** The key of its change in the journal. */
export function keyOf(scope: Scope): string {
  return `daemon of the ${scope}`;
}
