// Where in a body one of some literal words occurs: the cheap pass that lets clean bytes go. It reads two bytes at a step, so
// it costs a third of a nanosecond a byte however many words there are. It must not know what the words mean.

/** Called with the index of the word and the offset of its first byte. Offsets rise, but for words that overlap. */
export type AnchorHit = (word: number, at: number) => void;

/** Reports each occurrence of each word that lies whole in `bytes[from, to)`. */
export type AnchorPass = (bytes: Uint8Array, from: number, to: number, hit: AnchorHit) => void;

/** A word to look for: ASCII or bytes in Latin-1. `anyCase`: its letters, given in lower case, stand for both cases. */
export interface AnchorWord {
  readonly text: string;
  readonly anyCase?: boolean;
}

/** A word that a pair of bytes may belong to, the pair standing `back` bytes behind its beginning. */
interface Candidate {
  readonly word: number;
  readonly bytes: Uint8Array;
  /** What makes both cases of a letter the lower one; 0 where case counts. */
  readonly folds: Uint8Array;
  readonly back: number;
}

const CASE = 0x20;

/** The pairs that prose and code are full of, and so lead nowhere. */
const ORDINARY = new Set(
  (
    'th he in er an re on at en nd ti es or te of ed is it al ar st to nt ng se ha as ou io le ve co me de hi ri ro ic ne ea ra ce li ch ll ' +
    'be ma si om ur ns ct tr pe ta ge et pa ag im ai un // -- __ 00 :/'
  ).split(' '),
);

/**
 * Builds the pass for a list of words, each of one character or of three and more. Wherever a word lies, its pairs at even or
 * those at odd offsets fall on a step, so one of each is looked up: the one least ordinary.
 */
export function compileAnchors(words: readonly AnchorWord[]): AnchorPass {
  const { marks, lists, singles } = tableOf(words);
  return (bytes, from, to, hit) => {
    if (to <= from) return;
    const first = from + ((bytes.byteOffset + from) & 1);
    const pairs = new Uint16Array(bytes.buffer, bytes.byteOffset + first, Math.max(0, to - first) >> 1);
    const n = pairs.length;
    const whole = n & ~3;
    if (first > from) lone(from);
    let i = 0;
    for (; i < whole; i += 4) {
      if ((marks[pairs[i]!]! | marks[pairs[i + 1]!]! | marks[pairs[i + 2]!]! | marks[pairs[i + 3]!]!) === 0) continue;
      for (let k = i; k < i + 4; k++) if (marks[pairs[k]!] !== 0) check(k);
    }
    for (; i < n; i++) if (marks[pairs[i]!] !== 0) check(i);
    if (first + 2 * n < to) lone(to - 1);

    function check(step: number): void {
      const list = lists[marks[pairs[step]!]!]!;
      for (let k = 0; k < list.length; k++) {
        const candidate = list[k]!;
        const at = first + 2 * step - candidate.back;
        if (at >= from && at + candidate.bytes.length <= to && startsWith(bytes, at, candidate)) hit(candidate.word, at);
      }
    }

    // The first and the last byte may belong to no pair.
    function lone(at: number): void {
      for (const single of singles) if (startsWith(bytes, at, single)) hit(single.word, at);
    }
  };
}

interface Table {
  /** By pair: which list holds its candidates. 0: none. */
  readonly marks: Uint16Array;
  readonly lists: readonly (readonly Candidate[])[];
  readonly singles: readonly Candidate[];
}

function tableOf(words: readonly AnchorWord[]): Table {
  const byPair = new Map<number, Candidate[]>();
  const singles: Candidate[] = [];
  const lead = (a: number, b: number, candidate: Candidate) => {
    const pair = new Uint16Array(new Uint8Array([a, b]).buffer)[0]!;
    const known = byPair.get(pair);
    if (known) known.push(candidate);
    else byPair.set(pair, [candidate]);
  };
  words.forEach(({ text, anyCase = false }, word) => {
    const bytes = new Uint8Array(Buffer.from(text, 'latin1'));
    const folds = bytes.map((byte) => (anyCase && isLower(byte) ? CASE : 0));
    if (bytes.length === 1) {
      const left = { word, bytes, folds, back: 0 };
      const right = { word, bytes, folds, back: -1 };
      for (const own of casesOf(bytes[0]!, folds[0]!)) {
        for (let other = 0; other < 256; other++) {
          lead(own, other, left);
          lead(other, own, right);
        }
      }
      singles.push(left);
      return;
    }
    if (bytes.length < 3) throw new RangeError(`an anchor has one character, or three and more: «${text}»`);
    for (const parity of [0, 1]) {
      const back = rarestPair(text, parity);
      for (const a of casesOf(bytes[back]!, folds[back]!))
        for (const b of casesOf(bytes[back + 1]!, folds[back + 1]!)) lead(a, b, { word, bytes, folds, back });
    }
  });
  const marks = new Uint16Array(65536);
  const lists: Candidate[][] = [[]];
  const known = new Map<string, number>();
  for (const [pair, list] of byPair) {
    const key = list.map((c) => `${c.word}:${c.back}`).join();
    let mark = known.get(key);
    if (mark === undefined) {
      mark = lists.push(list) - 1;
      known.set(key, mark);
    }
    marks[pair] = mark;
  }
  return { marks, lists, singles };
}

function startsWith(bytes: Uint8Array, at: number, { bytes: wanted, folds }: Candidate): boolean {
  for (let k = 0; k < wanted.length; k++) if ((bytes[at + k]! | folds[k]!) !== wanted[k]) return false;
  return true;
}

function isLower(byte: number): boolean {
  return byte >= 0x61 && byte <= 0x7a;
}

function casesOf(byte: number, fold: number): number[] {
  return fold === 0 ? [byte] : [byte, byte & ~CASE];
}

/** The offset, even or odd, of the word's least ordinary pair. */
function rarestPair(word: string, parity: number): number {
  let best = parity;
  let least = Number.POSITIVE_INFINITY;
  for (let at = parity; at + 2 <= word.length; at += 2) {
    const weight = ORDINARY.has(word.slice(at, at + 2)) ? 100 : common(word[at]!) * common(word[at + 1]!);
    if (weight < least) {
      least = weight;
      best = at;
    }
  }
  return best;
}

/** How common a character is in prose and code, roughly. */
function common(char: string): number {
  if (/[aeinorst]/.test(char)) return 9;
  if (/[a-z]/.test(char)) return 6;
  return /[-_0-9 ]/.test(char) ? 3 : 1;
}
