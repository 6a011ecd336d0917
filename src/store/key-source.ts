// Where the key that wraps the data keys may come from. One file in key-sources is one of these.
// Must not know what the key opens.

/** What a source may look at. */
export interface KeySurroundings {
  readonly home: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** What a source came up with: a key of 32 bytes, or one line that says why not and what to do. */
export interface FoundKey {
  readonly key?: Buffer;
  readonly trouble?: string;
}

/** One source. */
export interface KeySource {
  /** The name of its file; written beside what its key wraps. */
  readonly name: string;
  /** The key; undefined where this source was never set up. Never makes one. */
  find(surroundings: KeySurroundings): Promise<FoundKey | undefined>;
  /** Makes a key for a home that has no data yet; left out where the user has to. */
  make?(surroundings: KeySurroundings): Promise<FoundKey>;
  /** Where a lost key is to be put back, for the error line. */
  whereItBelongs(surroundings: KeySurroundings): string;
}
