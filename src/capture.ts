// What is kept of the bodies of an exchange where its profile says so (`log: masked`): text without any value, of a bounded length.
// Must not know who keeps it.

/** One body. */
export interface CapturedBody {
  /** Content-Type as it was, '' where none was given. */
  readonly type: string;
  readonly text: string;
  /** There was more of it. */
  readonly isCut: boolean;
}

/** Both; undefined for one that was none, or no text. */
export interface CapturedBodies {
  readonly request: CapturedBody | undefined;
  readonly reply: CapturedBody | undefined;
}

/** Makes them when somebody has time: it takes milliseconds, and whoever is asked for it waits. */
export type Capture = () => CapturedBodies;
