// Finds many byte strings at once, in one pass that is linear whatever the text is: a sieve over four bytes at every fifth place lets
// ordinary text go, and an automaton (Aho and Corasick, 1975) reads where it does not. It must not know what the strings mean.

/** Called with the index of a pattern and where it begins. Beginnings do not rise; a pattern within another is reported too. */
export type PatternHit = (pattern: number, at: number) => void;

/** Reports each occurrence of each pattern that lies whole in `bytes[from, to)`. */
export type PatternPass = (bytes: Buffer, from: number, to: number, hit: PatternHit) => void;

/** No pattern is shorter, bytes. */
export const SHORTEST_PATTERN = 8;
const GRAM = 4;
/** Of five places in a row one is sampled, and all five have their four bytes within the first eight of a pattern. */
const STEP = SHORTEST_PATTERN - GRAM + 1;
/** The automaton reads so many bytes of a pattern; the rest is compared. */
const DEPTH = 32;
const SIEVE_BITS = 20;
const ROOT = 0;

/** Compiles the patterns, each of at least eight bytes. */
export function compilePatterns(patterns: readonly Buffer[]): PatternPass {
  const sieve = new Uint32Array(2 ** SIEVE_BITS / 32);
  for (const pattern of patterns) {
    if (pattern.length < SHORTEST_PATTERN) throw new RangeError('a pattern has eight bytes or more');
    for (let at = 0; at < STEP; at++) {
      const gram = gramAt(pattern, at);
      sieve[gram >>> 5]! |= 1 << (gram & 31);
    }
  }
  const automaton = compileAutomaton(patterns);
  return (bytes, from, to, hit) => {
    let read = from;
    for (let at = from; at + GRAM <= to; at += STEP) {
      const gram = gramAt(bytes, at);
      if ((sieve[gram >>> 5]! & (1 << (gram & 31))) === 0 || at < read) continue;
      // Behind this no pattern is open that began here or before.
      read = automaton(bytes, Math.max(read, at - STEP + 1), at, to, hit);
    }
  };
}

function gramAt(bytes: Uint8Array, at: number): number {
  const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
  return Math.imul(word, 0x9e3779b1) >>> (32 - SIEVE_BITS);
}

/** Reads from `from` until nothing is open that began at `past` or before; where that is. */
type Automaton = (bytes: Buffer, from: number, past: number, to: number, hit: PatternHit) => number;

function compileAutomaton(patterns: readonly Buffer[]): Automaton {
  const edges = new Map<number, number>();
  const depths: number[] = [0];
  const parents: number[] = [0];
  const ends = new Map<number, number[]>();
  patterns.forEach((pattern, index) => {
    let state = ROOT;
    for (let i = 0; i < Math.min(DEPTH, pattern.length); i++) {
      const key = state * 256 + pattern[i]!;
      let next = edges.get(key);
      if (next === undefined) {
        next = depths.length;
        edges.set(key, next);
        depths.push(i + 1);
        parents.push(key);
      }
      state = next;
    }
    ends.set(state, [...(ends.get(state) ?? []), index]);
  });
  const fails = new Int32Array(depths.length);
  // The nearest state, this one or one it falls back to, in which patterns end; -1 for none.
  const outputs = new Int32Array(depths.length).fill(-1);
  const order = Array.from(depths.keys()).sort((a, b) => depths[a]! - depths[b]!);
  const step = (state: number, byte: number): number => {
    let at = state;
    for (;;) {
      const next = edges.get(at * 256 + byte);
      if (next !== undefined) return next;
      if (at === ROOT) return ROOT;
      at = fails[at]!;
    }
  };
  for (const state of order) {
    if (depths[state]! > 1) fails[state] = step(fails[parents[state]! >>> 8]!, parents[state]! & 255);
    outputs[state] = ends.has(state) ? state : outputs[fails[state]!]!;
  }
  return (bytes, from, past, to, hit) => {
    let state = ROOT;
    for (let i = from; i < to; i++) {
      state = step(state, bytes[i]!);
      if (state === ROOT && i >= past) return i + 1;
      for (let output = outputs[state]!; output >= 0; output = outputs[fails[output]!]!) {
        const at = i + 1 - depths[output]!;
        for (const pattern of ends.get(output)!) if (stands(patterns[pattern]!, bytes, at, to)) hit(pattern, at);
      }
    }
    return to;
  };
}

function stands(pattern: Buffer, bytes: Buffer, at: number, to: number): boolean {
  const end = at + pattern.length;
  return end <= to && (pattern.length <= DEPTH || pattern.compare(bytes, at + DEPTH, end, DEPTH) === 0);
}
