// What a place is where a system keeps its proxy, and what is put there. One file of settings/ is one such place.
// Must not know the journal.
import type { FileToWrite } from '../changes/act.ts';
import type { Hands } from '../changes/hands.ts';
import type { EnvironmentChange } from '../environment.ts';

/** `pac`: intercepted hosts only, by a file that programs ask for. `all`: everything, by plain proxy settings and variables. */
export type Mode = 'pac' | 'all';

/** The machine as a place sees it; tests bring another. */
export interface Machine {
  readonly hands: Hands;
  readonly platform: NodeJS.Platform;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly userHome: string;
  /** `/` */
  readonly root: string;
}

/** What is to be reached. */
export interface Reachable {
  readonly host: string;
  readonly port: number;
  /** With user and password where they are asked for. */
  readonly url: string;
  readonly hasPassword: boolean;
  readonly pacUrl: string;
  /** The variables of this user's programs, and what they are put in place of. */
  readonly change: EnvironmentChange;
  readonly caPath: string;
  /** Whether programs of that user are served without a token. */
  serves(uid: number): boolean;
}

/** One value that a program of the system keeps. */
export interface Value {
  /** Prints it. */
  readonly look: readonly string[];
  /** What `look` prints when it is ours, white space around it left out. */
  readonly ours: string;
  readonly set: readonly string[];
  /** What brings back what `look` printed before. */
  back(former: string): Promise<readonly WayBack[]>;
}

/** A program that is run only while `look` prints that: what somebody has changed since is theirs. */
export interface WayBack {
  readonly argv: readonly string[];
  readonly whilePrinting: string;
}

/** What is done at one place: files, or values in this order. */
export interface Plan {
  /** One sentence: what, and where. */
  readonly what: string;
  readonly write?: readonly FileToWrite[];
  readonly values?: readonly Value[];
  /** Only root may write there. */
  readonly root?: true;
  /** How somebody does it by hand. */
  readonly manual: string;
}

/** A place. */
export interface SystemSetting {
  /** As its file is called. */
  readonly name: string;
  /** Undefined: it is of use here and can be written. Otherwise why not, in a few words. */
  unfit(mode: Mode, machine: Machine, proxy: Reachable): Promise<string | undefined>;
  plan(mode: Mode, machine: Machine, proxy: Reachable): Promise<Plan>;
}
