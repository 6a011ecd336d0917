// What a command is. One file in commands/ is one of these.
// Must not know how the command line is parsed.
import type { ConfigKey } from '../src/config-keys.ts';
import type { Invocation } from './settings.ts';

/** What a word may be, where it is completed: a file, or one of some names. */
export type Names = 'file' | ((invocation: Invocation) => Promise<readonly string[]>);

/** One option of a command, besides the common ones and those of the settings. */
export interface CommandOption {
  readonly type: 'boolean' | 'string';
  readonly describe: string;
  readonly choices?: readonly string[];
  readonly default?: boolean | string;
  /** Values with commas between them, also given more than once: an array. */
  readonly isList?: true;
  /** The actions that take it; all without it. */
  readonly actions?: readonly string[];
  readonly names?: Names;
}

/** A command: what it takes and what it does. */
export interface Command {
  /** The word, with positionals: `ca <action>`, `fidelity [host]`. */
  readonly name: string;
  /** One line in the list of commands; undefined keeps it out of the list. */
  readonly summary: string | undefined;
  readonly positionals?: Readonly<Record<string, { readonly describe: string; readonly choices?: readonly string[] }>>;
  readonly options?: Readonly<Record<string, CommandOption>>;
  /** What its further words may be, by action; under '' for a command without actions. */
  readonly names?: Readonly<Record<string, Names>>;
  /** 'all': every key of the configuration is a flag. Otherwise these keys, --home and --config. */
  readonly settings: 'all' | 'home' | readonly ConfigKey[];
  /** Whether words behind `--` are taken. */
  readonly takesCommand?: true;
  readonly examples: readonly (readonly [line: string, what: string])[];
  /** The exit code. Throws what failure.ts explains. */
  readonly run: (call: Call) => Promise<number>;
}

/** One call of a command. */
export interface Call {
  /** Options and positionals of this command. */
  readonly args: Readonly<Record<string, unknown>>;
  /** The words behind `--`. */
  readonly rest: readonly string[];
  readonly json: boolean;
  readonly invocation: Invocation;
  readonly terminal: Terminal;
  /** All there are. */
  readonly commands: readonly Command[];
}

/** Where a command speaks. */
export interface Terminal {
  /** stdout, newline added. */
  out(text: string): void;
  /** stderr, newline added. */
  err(text: string): void;
  /** How the user calls us, for hints that can be typed. */
  readonly self: string;
  /** A text with the commands it names as they can be typed. */
  typed(text: string): string;
  /** stdout is a terminal. */
  readonly isTty: boolean;
}
