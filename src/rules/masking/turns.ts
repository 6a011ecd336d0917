// Large bodies of late, so that the next turn of a conversation costs what is new: it begins with the same bytes, up to a message
// that was not there. Holds bodies in memory up to a bound, for as long as the masker lives. It must not know what was found.
import type { Dialect } from '../provider.ts';
import { JsonWalk } from './walk.ts';

/** A place between two elements to go on from, and how much had been found before it. */
export interface Mark {
  readonly offset: number;
  readonly walk: JsonWalk;
  readonly found: number;
}

/** What is known of one body: everything found in it, in order, and where one can go on. */
export interface Turn<T> {
  readonly bytes: Buffer;
  readonly dialect: Dialect;
  readonly found: readonly T[];
  readonly marks: readonly Mark[];
}

/** Where to begin with a body: at its start, or behind what it has in common with an earlier one. */
export interface Beginning<T> {
  readonly offset: number;
  readonly walk: JsonWalk;
  readonly found: readonly T[];
  readonly marks: readonly Mark[];
  /** The earlier turn that this body goes on from the end of, as far as can be told. */
  readonly continues: Turn<T> | undefined;
}

/** Memory of turns. */
export interface Turns<T> {
  /** The furthest that earlier turns reach into this body. */
  begin(bytes: Buffer, dialect: Dialect): Beginning<T>;
  /** Remembers a turn in place of the one it continues. Small ones have no marks and are not worth it. */
  remember(turn: Turn<T>, continues: Turn<T> | undefined): void;
}

/** Bytes between two marks, at least. */
export const MARK_EVERY = 32_768;
const MAX_TURNS = 8;
/** Some clients begin with it; it belongs to no document. */
const BOM = Buffer.from('\uFEFF');

/** An empty memory for bodies of together at most `maxBytes`. */
export function createTurns<T>(maxBytes: number): Turns<T> {
  // Newest last.
  let turns: Turn<T>[] = [];
  return {
    begin(bytes, dialect) {
      let best: Turn<T> | undefined;
      let reach = 0;
      for (const turn of turns) {
        if (turn.dialect !== dialect) continue;
        const common = commonMarks(turn, bytes);
        if (common > 0 && (best === undefined || turn.marks[common - 1]!.offset > best.marks[reach - 1]!.offset)) {
          best = turn;
          reach = common;
        }
      }
      if (!best)
        return {
          offset: bytes.subarray(0, BOM.length).equals(BOM) ? BOM.length : 0,
          walk: new JsonWalk(),
          found: [],
          marks: [],
          continues: undefined,
        };
      const mark = best.marks[reach - 1]!;
      return {
        offset: mark.offset,
        walk: mark.walk.clone(),
        found: best.found.slice(0, mark.found),
        marks: best.marks.slice(0, reach),
        continues: reach === best.marks.length ? best : undefined,
      };
    },
    remember(turn, continues) {
      if (turn.marks.length === 0 || turn.bytes.length > maxBytes) return;
      turns = [...turns.filter((old) => old !== continues), turn];
      let total = 0;
      let keep = turns.length;
      while (keep > 0 && turns.length - keep < MAX_TURNS && total + turns[keep - 1]!.bytes.length <= maxBytes)
        total += turns[--keep]!.bytes.length;
      turns = turns.slice(keep);
    },
  };
}

/** How many of the turn's marks lie in what the body has in common with it. */
function commonMarks<T>(turn: Turn<T>, bytes: Buffer): number {
  let from = 0;
  let n = 0;
  for (const { offset } of turn.marks) {
    if (offset > bytes.length || turn.bytes.compare(bytes, from, offset, from, offset) !== 0) break;
    from = offset;
    n++;
  }
  return n;
}
