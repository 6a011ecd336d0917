// Where in a body one of some literal words occurs: the cheap pass that lets clean bytes go. It reads two bytes at a step and asks
// whether two steps in a row may belong to one word, so it costs half a nanosecond a byte however many words there are.
// It must not know what the words mean.
import { type AnchorWord, type Candidate, EVERY_GROUP, GROUPS, tableOf } from './anchor-table.ts';

/** Called with the index of the word and the offset of its first byte. Offsets rise, but for words that overlap. */
export type AnchorHit = (word: number, at: number) => void;

/** Reports each occurrence of each word that lies whole in `bytes[from, to)`. */
export type AnchorPass = (bytes: Uint8Array, from: number, to: number, hit: AnchorHit) => void;

/** So many pairs are read before what was seen in them is looked at. */
const BLOCK = 1024;

/**
 * Builds the pass for a list of words, each of one character or of three and more. Wherever a word lies, its pairs at even or
 * those at odd offsets fall on steps, so two in a row of each are looked up: the two least ordinary.
 */
export function compileAnchors(words: readonly AnchorWord[]): AnchorPass {
  const { groups, marks, leads, singles } = tableOf(words);
  const borders = new Uint32Array(BLOCK);
  return (bytes, from, to, hit) => {
    if (to <= from) return;
    const first = from + ((bytes.byteOffset + from) & 1);
    const pairs = new Uint16Array(bytes.buffer, bytes.byteOffset + first, Math.max(0, to - first) >> 1);
    const n = pairs.length;

    /** Asks the words that the pair before a border and the one behind it lead to. */
    function check(border: number): void {
      const at = first + 2 * border;
      if (border > 0) ask(leads[marks[pairs[border - 1]!]!]!.first, at - 2);
      if (border < n) ask(leads[marks[pairs[border]!]!]!.second, at);
    }

    function ask(list: readonly Candidate[], pair: number): void {
      for (let k = 0; k < list.length; k++) {
        const candidate = list[k]!;
        const at = pair - candidate.back;
        if (at >= from && at + candidate.bytes.length <= to && stands(candidate, bytes, at, from, to)) hit(candidate.word, at);
      }
    }

    // The first and the last byte may belong to no pair.
    if (first > from) ask(singles, from);
    // What stands before the first pair and behind the last may be anything.
    let before = EVERY_GROUP;
    for (let block = 0; block < n; block += BLOCK) {
      const end = Math.min(n, block + BLOCK);
      const count = findBorders(groups, pairs, block, end, before, borders);
      for (let i = 0; i < count; i++) check(borders[i]!);
      before = groups[pairs[end - 1]!]!;
    }
    if ((before & EVERY_GROUP) !== 0) check(n);
    if (first + 2 * n < to) ask(singles, to - 1);
  };
}

/** Collects the borders between two pairs of one group, from the one before the pair `from` to the one before `to`; how many there are. */
function findBorders(groups: Uint16Array, pairs: Uint16Array, from: number, to: number, before: number, out: Uint32Array): number {
  let count = 0;
  let last = before;
  let i = from;
  for (; i + 4 <= to; i += 4) {
    const a = groups[pairs[i]!]!;
    const b = groups[pairs[i + 1]!]!;
    const c = groups[pairs[i + 2]!]!;
    const d = groups[pairs[i + 3]!]!;
    const beforeA = last & (a >> GROUPS);
    const beforeB = a & (b >> GROUPS);
    const beforeC = b & (c >> GROUPS);
    const beforeD = c & (d >> GROUPS);
    last = d;
    if ((beforeA | beforeB | beforeC | beforeD) === 0) continue;
    // Without a branch for each, which nobody could foresee.
    out[count] = i;
    count += (beforeA + EVERY_GROUP) >> GROUPS;
    out[count] = i + 1;
    count += (beforeB + EVERY_GROUP) >> GROUPS;
    out[count] = i + 2;
    count += (beforeC + EVERY_GROUP) >> GROUPS;
    out[count] = i + 3;
    count += (beforeD + EVERY_GROUP) >> GROUPS;
  }
  for (; i < to; i++) {
    const own = groups[pairs[i]!]!;
    if ((last & (own >> GROUPS)) !== 0) out[count++] = i;
    last = own;
  }
  return count;
}

/** Whether the word begins at `at`, with what it asks for beside it; outside `[from, to)` may stand anything. */
function stands({ bytes: wanted, folds, before, behind }: Candidate, bytes: Uint8Array, at: number, from: number, to: number): boolean {
  for (let k = 0; k < wanted.length; k++) if ((bytes[at + k]! | folds[k]!) !== wanted[k]) return false;
  const end = at + wanted.length;
  return (at === from || before[bytes[at - 1]!] === 1) && (end === to || behind[bytes[end]!] === 1);
}
