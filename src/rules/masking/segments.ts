// What was found in the segments of bodies of late, so that the next turn of a conversation costs what is new, wherever in the body that
// stands. A segment lies between two commas of the outer lists and objects. Holds copies in memory up to a bound. It must not know what was found.
import type { Dialect } from '../provider.ts';
import type { JsonWalk } from './walk.ts';

/** A segment that was looked at: what was found in it, with offsets from its beginning, and where in the document one stands behind it. */
export interface Segment<T> {
  readonly bytes: Buffer;
  readonly found: readonly T[];
  readonly after: JsonWalk;
  /** The same place as text: what follows is known only if it was met at this place. */
  readonly placeAfter: string;
}

/** A cache of segments. */
export interface Segments<T> {
  /** The segment that stands at `at` in `bytes`, met before at this place; undefined: look for yourself. */
  find(dialect: Dialect, place: string, bytes: Buffer, at: number): Segment<T> | undefined;
  /** Keeps a copy of `bytes`. */
  add(dialect: Dialect, place: string, bytes: Buffer, found: readonly T[], after: JsonWalk): Segment<T>;
}

/** A segment ends at the first comma of an outer container behind so many bytes. */
export const SEGMENT_BYTES = 2048;
/** Segments are told apart by how they begin. */
const HEAD_BYTES = 64;
/** Of those that begin alike so many are kept, the newest. */
const MAX_ALIKE = 16;

/** An empty cache that keeps at most `maxBytes`, the ones used last. */
export function createSegments<T>(maxBytes: number): Segments<T> {
  // The one used last is last.
  const known = new Map<string, Segment<T>[]>();
  let size = 0;

  const keyOf = (dialect: Dialect, place: string, bytes: Buffer, at: number) =>
    `${dialect.name}\0${place}\0${bytes.toString('latin1', at, at + HEAD_BYTES)}`;

  return {
    find(dialect, place, bytes, at) {
      const key = keyOf(dialect, place, bytes, at);
      const alike = known.get(key);
      const found = alike?.find((segment) => stands(segment, bytes, at));
      if (!found) return undefined;
      known.delete(key);
      known.set(key, alike!);
      return found;
    },
    add(dialect, place, bytes, found, after) {
      const segment = { bytes: Buffer.from(bytes), found, after, placeAfter: after.place() };
      if (bytes.length > maxBytes) return segment;
      const key = keyOf(dialect, place, bytes, 0);
      const alike = known.get(key) ?? [];
      alike.unshift(segment);
      size += bytes.length;
      if (alike.length > MAX_ALIKE) size -= alike.pop()!.bytes.length;
      known.delete(key);
      known.set(key, alike);
      for (const [oldest, segments] of known) {
        if (size <= maxBytes) break;
        known.delete(oldest);
        for (const one of segments) size -= one.bytes.length;
      }
      return segment;
    },
  };
}

/** One that ended with its body stands only at the end of another. */
function stands<T>({ bytes: own, after }: Segment<T>, bytes: Buffer, at: number): boolean {
  const end = at + own.length;
  if (end > bytes.length || (end < bytes.length && !after.betweenElements)) return false;
  return bytes.compare(own, 0, own.length, at, end) === 0;
}
