// Weighs what was read of a text: every stretch of a few words and of some dozens gets a sum of weights, and the heaviest decides, so that
// an order hidden in a long page counts as much as one that stands alone. Linear in the words; it must not know where weights come from.
import { type Reading, SLOTS_A_WORD } from './features.ts';

/** Weights by slot and by kind, and what a text starts from. */
export interface Weights {
  readonly slots: Int8Array | Float64Array;
  readonly kinds: ArrayLike<number>;
  readonly bias: number;
  /** What one unit of a slot is worth. */
  readonly unit: number;
}

/** How many words the stretches have. */
export const STRETCHES: readonly number[] = [12, 40];
const FEWEST = 6;

/** The heaviest stretch: words `from` up to, not with, `to`, and the sum that it came to. */
export interface Heaviest {
  readonly sum: number;
  readonly from: number;
  readonly to: number;
}

/** By what the sum of a stretch of so many words is divided. */
export const evenOut = (words: number): number => Math.sqrt(Math.max(words, FEWEST) * SLOTS_A_WORD);

/** As many words as are remembered: more than the longest stretch, and a power of two. */
const RING = 64;

/** Finds the heaviest stretch. A text without a word weighs its bias. */
export const heaviest = (reading: Reading, weights: Weights): Heaviest => {
  const { words, slots, kinds } = reading;
  const own = new Float64Array(RING);
  const ruled = new Float64Array(RING);
  const sums = new Float64Array(STRETCHES.length);
  const rules = new Float64Array(STRETCHES.length);
  const divisors = STRETCHES.map((width) => evenOut(Math.min(width, words)) / weights.unit);
  let best: Heaviest = { sum: weights.bias, from: 0, to: 0 };
  for (let i = 0; i < words; i++) {
    const at = i * SLOTS_A_WORD;
    const weight =
      weights.slots[slots[at]!]! + weights.slots[slots[at + 1]!]! + weights.slots[slots[at + 2]!]! + weights.slots[slots[at + 3]!]!;
    let rule = 0;
    for (let bits = kinds[i]!, bit = 0; bits !== 0; bits >>= 1, bit++) if (bits & 1) rule += weights.kinds[bit]!;
    for (let k = 0; k < STRETCHES.length; k++) {
      const width = STRETCHES[k]!;
      const past = (i - width) & (RING - 1);
      sums[k]! += weight - (i >= width ? own[past]! : 0);
      rules[k]! += rule - (i >= width ? ruled[past]! : 0);
      if (i + 1 < width && i + 1 < words) continue;
      const sum = weights.bias + sums[k]! / divisors[k]! + rules[k]!;
      if (sum > best.sum || best.to === 0) best = { sum, from: Math.max(0, i + 1 - width), to: i + 1 };
    }
    own[i & (RING - 1)] = weight;
    ruled[i & (RING - 1)] = rule;
  }
  return best;
};
