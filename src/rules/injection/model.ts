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

/** Finds the heaviest stretch. A text without a word weighs its bias. */
export const heaviest = (reading: Reading, weights: Weights): Heaviest => {
  const { words, slots, kinds } = reading;
  const own = new Float64Array(words);
  const ruled = new Float64Array(words);
  for (let i = 0; i < words; i++) {
    const at = i * SLOTS_A_WORD;
    own[i] = weights.slots[slots[at]!]! + weights.slots[slots[at + 1]!]! + weights.slots[slots[at + 2]!]! + weights.slots[slots[at + 3]!]!;
    for (let bits = kinds[i]!, bit = 0; bits !== 0; bits >>= 1, bit++) if (bits & 1) ruled[i]! += weights.kinds[bit]!;
  }
  let best: Heaviest = { sum: weights.bias, from: 0, to: 0 };
  for (const width of STRETCHES) {
    const divisor = evenOut(Math.min(width, words)) / weights.unit;
    let sum = 0;
    let rules = 0;
    for (let i = 0; i < words; i++) {
      sum += own[i]!;
      rules += ruled[i]!;
      if (i >= width) {
        sum -= own[i - width]!;
        rules -= ruled[i - width]!;
      }
      if (i + 1 < width && i + 1 < words) continue;
      const logit = weights.bias + sum / divisor + rules;
      if (logit > best.sum || best.to === 0) best = { sum: logit, from: Math.max(0, i + 1 - width), to: i + 1 };
    }
  }
  return best;
};
