// What a detector file says: which kind of value it finds, by which literal words a scan comes to it, and the little matcher
// that decides round such a word. One file in detectors/ is one detector; registry.ts lists them.

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
  readonly kind: string;
  /** The word in its placeholders: 2 to 10 capital letters. */
  readonly word: string;
  /** Every value has one of these in it or beside it. ASCII, of one character or of three and more; rare ones make scans fast. */
  readonly anchors: readonly string[];
  /**
   * How many characters beyond the word in which an anchor stands (up to the next space or quote) `find` must see. Default none.
   */
  readonly reach?: { readonly before: number; readonly after: number };
  /**
   * A look at the bytes before and after an anchor (-1: none): false if `find` could not find anything there whatever else stands
   * round it. Saves the look at the words of frequent anchors.
   */
  readonly glance?: (before: number, after: number) => boolean;
  /**
   * Decides about the anchor at `at`. JSON escapes are undone in `text` and may be literal, so no finding may hold a `"`, and a
   * backslash belongs to none. Linear in all of `text` over all anchors: no step is taken twice for one character, or a bounded number of times.
   */
  readonly find: (text: string, at: number) => Found | undefined;
  /** Texts with exactly one finding each, and texts with none. Values are made up. */
  readonly examples: { readonly yes: readonly string[]; readonly no: readonly string[] };
}
