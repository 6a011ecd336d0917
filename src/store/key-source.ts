// Where the key that wraps the data keys may come from. One file in key-sources is one of these.
// Must not know what the key opens.
import { StoreError } from './store-error.ts';

/** What a source may look at. */
export interface KeySurroundings {
  readonly home: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Asks the user, without echo; left out where there is nobody to ask. */
  readonly ask?: ((question: string) => Promise<string>) | undefined;
}

/** What a source begins with. */
export interface BegunKey {
  /** 32 bytes. */
  readonly key: Buffer;
  /** What has to be known to find the key again; kept in the store, so nothing secret. */
  readonly facts: string;
}

/** One source. */
export interface KeySource {
  /** The name of its file; written in the store of whoever uses it. */
  readonly name: string;
  /** Whether a home without data takes it unasked. */
  isSetUp(around: KeySurroundings): boolean;
  /** Takes it into use: a key that it makes, or finds where the user has put it. Throws KeyTrouble. */
  begin(around: KeySurroundings): Promise<BegunKey>;
  /** The key again, never another one. Throws KeyTrouble. */
  find(around: KeySurroundings, facts: string): Promise<Buffer>;
  /** What to say of a key that it found and that opens nothing. */
  wrong(around: KeySurroundings): string;
  /** Removes the key that it made, once nothing is wrapped by it. */
  forget?(around: KeySurroundings, facts: string): Promise<void>;
}

/** A source that has no key to give: one line that says why and what to do. */
export class KeyTrouble extends StoreError {}

/** Bytes of every key. */
export const KEY_BYTES = 32;
