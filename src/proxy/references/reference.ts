// What a kind of reference is, and what it works with: everything outside comes in through Means.
// It must not know how values are kept, nor where they go.

/** A value, and for how long it may be used where its source says so, ms. */
export interface Found {
  readonly value: string;
  readonly lifetimeMs?: number;
}

/** A question over HTTPS; plain HTTP goes to this machine alone. Redirects are not followed: a token is for the server it was meant for. */
export interface Asked {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** PEM of the only roots to trust; those of the proxy otherwise. */
  readonly ca?: string;
}

/** A complete answer, whatever its status. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
}

/** What a kind may use. All of it ends with `signal`. */
export interface Means {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What `~/` stands for. */
  readonly userHome: string;
  readonly platform: string;
  /** Wall clock, ms. */
  readonly now: () => number;
  readonly signal: AbortSignal;
  /** Rejects with Unresolved when there is no complete answer. */
  ask(asked: Asked): Promise<Answer>;
  /**
   * What a program prints, without its last line end. The first word is a path or a name to look for in PATH; `otherwise` says what to do where it is
   * not found. Rejects with Unresolved.
   */
  run(words: readonly string[], otherwise?: string): Promise<string>;
  /** The text of a file that others cannot read. Rejects with Unresolved. */
  read(path: string): Promise<string>;
  /** The value of a credential of the vault. Rejects with Unresolved. */
  credential(name: string): Promise<Found>;
}

/** One kind of reference, `NAME:WHERE`. */
export interface ReferenceKind {
  /** What stands before the colon, and the name of the file. */
  readonly name: string;
  /** How it is written, for an error line. */
  readonly form: string;
  /** Variables that hold secrets of its own, by which it is let in. */
  readonly secretVariables?: readonly string[];
  /** Whether this can stand behind the colon; there is no control character in it. */
  isWellFormed(where: string): boolean;
  /** What may be shown of it, where not all of it may. */
  shown?(where: string): string;
  /** The value of a well-formed one, as its source gives it. Rejects with Unresolved. */
  resolve(where: string, means: Means): Promise<Found>;
}

/** Why there is no value, in one line without anything of a value. */
export class Unresolved extends Error {
  constructor(why: string) {
    super(why);
    this.name = 'Unresolved';
  }
}

/** The text without the one line end that editors and programs put behind it. */
export function withoutLineEnd(text: string): string {
  return text.replace(/\r?\n$/, '');
}

/** The absolute path: `~/` is the user's home. */
export function pathOf(path: string, userHome: string): string {
  return path.startsWith('~/') ? `${userHome}${path.slice(1)}` : path;
}
