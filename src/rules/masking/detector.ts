// What a detector file says: which kind of value it finds, by which literal words a scan comes to it, and the little matcher
// that decides round such a word. One file in detectors/ is one detector; registry.ts lists them.
import type { Kind } from './kinds.ts';

/** Where something stands: `[start, end)`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A finding: `[start, end)` in UTF-16 code units, of which the first `keepPrefix` stay readable. */
export interface Found extends Span {
  readonly keepPrefix: number;
  /**
   * Where the value has several lines: each of them, in order. Each gets a placeholder of its own and what stands between them stays, so
   * that line ends are written as the text has them, wherever a model puts the lines.
   */
  readonly parts?: readonly Span[];
}

/** One kind of value. */
export interface Detector {
  /** The file's name without its ending. */
  readonly name: string;
  /** What the policy switches it by: `email`, `secrets`. */
  readonly kind: Kind;
  /** The word in its placeholders: 2 to 10 capital letters. */
  readonly word: string;
  /**
   * Every value has one of these in it or beside it. ASCII, of one character or of three and more; rare ones make scans fast. May be
   * empty where `digits` is given.
   */
  readonly anchors: readonly string[];
  /** Letters of the anchors, given in lower case, stand for both cases. */
  readonly anyCase?: boolean;
  /**
   * Of anchors of one character: what the byte right before such an anchor is in every value, and the one right behind it, in Latin-1. It
   * makes a frequent character rare. Not asked where something is disguised.
   */
  readonly beside?: { readonly before: RegExp; readonly behind: RegExp };
  /**
   * Also asks `find` at the first digit of every group of digits from which on at least so many digits stand together, with no more than
   * four blanks, hyphens, dots, slashes, brackets or `+` between two of them. The same digits are asked for once for each group, but not
   * where more groups than any number has stand together.
   */
  readonly digits?: number;
  /** How long the first group may be; any length where it is not given. */
  readonly firstGroups?: readonly number[];
  /**
   * How many characters beyond the word in which an anchor stands (up to the next space or quote), or beyond the run of digits, `find`
   * must see. Default none.
   */
  readonly reach?: { readonly before: number; readonly after: number };
  /**
   * A look at the bytes round the anchor that begins at `at` and ends before `end`: false if `find` could not find anything there. It may
   * look a bounded number of bytes far. Saves the look at the words of frequent anchors. Not asked where something is disguised.
   */
  readonly glance?: (bytes: Uint8Array, at: number, end: number) => boolean;
  /** The same for a run of `count` digits, more than `digits`, with what stands between them. */
  readonly digitGlance?: (bytes: Uint8Array, at: number, end: number, count: number) => boolean;
  /**
   * Decides about the anchor or the digit at `at`. JSON escapes are undone in `text`, and disguises (full-width forms, odd spaces and hyphens,
   * characters of no width) taken off; escapes may be literal, so no finding may hold a `"`, and a
   * backslash belongs to none. Linear in all of `text` over all anchors: no step is taken twice for one character, or a bounded number of times.
   */
  readonly find: (text: string, at: number) => Found | undefined;
  /** Texts with exactly one finding each, and texts with none. Values are made up. */
  readonly examples: { readonly yes: readonly string[]; readonly no: readonly string[] };
}
