// Which pairs of bytes lead to which words: what the pass for anchors looks up. Of each word two pairs in a row are taken that prose
// and code seldom have. It must not know how bytes are read.

/** A word to look for: ASCII or bytes in Latin-1. `anyCase`: its letters, given in lower case, stand for both cases. */
export interface AnchorWord {
  readonly text: string;
  readonly anyCase?: boolean;
  /** What the byte right before it is, and the one right behind it, in Latin-1; anything where it is not given. */
  readonly beside?: { readonly before: RegExp; readonly behind: RegExp } | undefined;
}

/** A word whose pair of bytes `back` bytes behind its beginning leads to it. */
export interface Candidate {
  readonly word: number;
  readonly back: number;
  readonly bytes: Uint8Array;
  /** What makes both cases of a letter the lower one; 0 where case counts. */
  readonly folds: Uint8Array;
  /** By byte: 1 if it may stand there. */
  readonly before: Uint8Array;
  readonly behind: Uint8Array;
}

/** Which words a pair leads to when a pair of the same group comes behind it, and when one comes before it. */
export interface Leads {
  readonly first: readonly Candidate[];
  readonly second: readonly Candidate[];
}

/** What is looked up. */
export interface AnchorTable {
  /** By pair: the groups of the words that may go on behind it, and above them those of the words that may have begun before it. */
  readonly groups: Uint16Array;
  /** By pair: which of `leads` it is. */
  readonly marks: Uint16Array;
  readonly leads: readonly Leads[];
  /** The words of one character. */
  readonly singles: readonly Candidate[];
}

/** The ways to words are in so many groups: two pairs in a row count if one way of a group may lead over both. */
export const GROUPS = 8;
/** All groups as bits. */
export const EVERY_GROUP = (1 << GROUPS) - 1;
/** Of words of one character, behind which any pair may stand. */
const SINGLES = 1 << (GROUPS - 1);

/** A word, and by offset from the byte before it: which bytes may stand there. */
interface Word {
  readonly text: string;
  readonly candidate: Candidate;
  readonly sets: readonly (readonly number[])[];
}

/** A pair of a word that leads to it, and the pair beside that one which must be there too, both as offsets. */
interface Way {
  readonly word: Word;
  readonly key: number;
  readonly next: number;
}

const CASE = 0x20;
const ANY: readonly number[] = Array.from({ length: 256 }, (_, byte) => byte);
/** How common each byte is in prose and code, roughly. */
const COMMON = ANY.map((byte) => {
  const char = String.fromCharCode(byte);
  if (/[aeinorst]/.test(char)) return 9;
  if (/[a-z]/.test(char)) return 6;
  return /[-_0-9 ]/.test(char) ? 3 : 1;
});
const ANY_TABLE = new Uint8Array(256).fill(1);
const COMMON_IN_ALL = commonIn(ANY);
/** The pairs that prose and code are full of. */
const ORDINARY = new Set(
  (
    'th he in er an re on at en nd ti es or te of ed is it al ar st to nt ng se ha as ou io le ve co me de hi ri ro ic ne ea ra ce li ch ll ' +
    'be ma si om ur ns ct tr pe ta ge et pa ag im ai un // -- __ 00 :/'
  ).split(' '),
);

/** Builds the table for these words. */
export function tableOf(words: readonly AnchorWord[]): AnchorTable {
  const all = words.map(wordOf);
  // Ways in one direction over the same letter share a group, so that in each few pairs lead on.
  const orderOf = ({ word, key, next }: Way) => (key < next ? 256 : 0) + setAt(word, next + 1)[0]!;
  const ways = all.flatMap(waysTo).sort((a, b) => orderOf(a) - orderOf(b));
  const groups = new Uint16Array(65536).fill(SINGLES << GROUPS);
  const byPair = new Map<number, { first: Candidate[]; second: Candidate[] }>();
  ways.forEach(({ word, key, next }, i) => {
    const isFirst = key < next;
    const group = isSingle(word) ? SINGLES : 1 << Math.floor(((GROUPS - 1) * i) / ways.length);
    const candidate = { ...word.candidate, back: key };
    if (group !== SINGLES) for (const pair of pairsAt(word, next)) groups[pair]! |= isFirst ? group << GROUPS : group;
    for (const pair of pairsAt(word, key)) {
      groups[pair]! |= isFirst ? group : group << GROUPS;
      const known = byPair.get(pair) ?? { first: [], second: [] };
      known[isFirst ? 'first' : 'second'].push(candidate);
      byPair.set(pair, known);
    }
  });
  return { groups, ...shared(byPair), singles: all.filter(isSingle).map((word) => word.candidate) };
}

function wordOf({ text, anyCase = false, beside }: AnchorWord, word: number): Word {
  if (text.length === 2) throw new RangeError(`an anchor has one character, or three and more: «${text}»`);
  const bytes = new Uint8Array(Buffer.from(text, 'latin1'));
  const folds = bytes.map((byte) => (anyCase && isLower(byte) ? CASE : 0));
  const before = bytesIn(beside?.before);
  const behind = bytesIn(beside?.behind);
  const own = Array.from(bytes, (byte, i) => (folds[i] === 0 ? [byte] : [byte, byte & ~CASE]));
  return {
    text,
    candidate: { word, back: 0, bytes, folds, before: tableFor(before), behind: tableFor(behind) },
    sets: [before, ...own, behind],
  };
}

function isSingle({ candidate }: Word): boolean {
  return candidate.bytes.length === 1;
}

function bytesIn(one: RegExp | undefined): readonly number[] {
  return one === undefined ? ANY : ANY.filter((byte) => one.test(String.fromCharCode(byte)));
}

function tableFor(bytes: readonly number[]): Uint8Array {
  if (bytes === ANY) return ANY_TABLE;
  const table = new Uint8Array(256);
  for (const byte of bytes) table[byte] = 1;
  return table;
}

/** The bytes that may stand `at` bytes behind the beginning of a word. */
function setAt({ sets }: Word, at: number): readonly number[] {
  return sets[at + 1] ?? ANY;
}

/** The pairs of bytes that may stand there. */
function pairsAt(word: Word, at: number): Uint16Array {
  const [left, right] = [setAt(word, at), setAt(word, at + 1)];
  const bytes = new Uint8Array(2 * left.length * right.length);
  let i = 0;
  for (const a of left)
    for (const b of right) {
      bytes[i++] = a;
      bytes[i++] = b;
    }
  return new Uint16Array(bytes.buffer);
}

/** Pairs that lead to the same words share one entry. The first leads nowhere. */
function shared(byPair: ReadonlyMap<number, Leads>): { readonly marks: Uint16Array; readonly leads: readonly Leads[] } {
  const marks = new Uint16Array(65536);
  const leads: Leads[] = [{ first: [], second: [] }];
  const known = new Map<string, number>();
  const nameOf = (list: readonly Candidate[]) => list.map(({ word, back }) => `${word}:${back}`).join();
  for (const [pair, own] of byPair) {
    const name = `${nameOf(own.first)} ${nameOf(own.second)}`;
    const mark = known.get(name) ?? leads.push(own) - 1;
    known.set(name, mark);
    marks[pair] = mark;
  }
  return { marks, leads };
}

/** One way over the pairs at even offsets from the beginning of a word, and one over those at odd ones. */
function waysTo(word: Word): Way[] {
  if (!isSingle(word)) return [rarest(word, 0), rarest(word, 1)];
  return [
    { word, key: 0, next: 2 },
    { word, key: -1, next: 1 },
  ];
}

/** The two pairs in a row that are least ordinary; the rarer one leads to the word. */
function rarest(word: Word, parity: number): Way {
  let best = { word, key: parity, next: parity + 2 };
  let least = Number.POSITIVE_INFINITY;
  for (let at = parity - 2; at < word.candidate.bytes.length; at += 2) {
    const [own, other] = [weigh(word, at), weigh(word, at + 2)];
    if (own * other >= least) continue;
    least = own * other;
    best = own < other ? { word, key: at, next: at + 2 } : { word, key: at + 2, next: at };
  }
  return best;
}

/** How often a pair stands in prose and code, roughly. */
function weigh(word: Word, at: number): number {
  if (ORDINARY.has(word.text.slice(Math.max(0, at), Math.max(0, at + 2)))) return 100;
  const [left, right] = [setAt(word, at), setAt(word, at + 1)].map((set) => (set === ANY ? COMMON_IN_ALL : commonIn(set)));
  return left! * right!;
}

function commonIn(bytes: readonly number[]): number {
  return bytes.reduce((sum, byte) => sum + COMMON[byte]!, 0);
}

function isLower(byte: number): boolean {
  return byte >= 0x61 && byte <= 0x7a;
}
