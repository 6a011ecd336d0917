// Weighs the words of a text as they come: every stretch of a few words and of some dozens gets a sum of weights, and the heaviest decides,
// so that an order hidden in a long page counts as much as one that stands alone. It must not know where words and weights come from.
import { SLOTS_A_WORD } from './features.ts';
import { WORDS_AT_ONCE } from './read-words.ts';

/** Weights by slot and by kind, and what a text starts from. */
export interface Weights {
  readonly slots: Int8Array | Float64Array;
  readonly kinds: ArrayLike<number>;
  readonly bias: number;
  /** What one unit of a slot is worth. */
  readonly unit: number;
}

/** The heaviest stretch: words `from` up to, not with, `to`, and the sum that it came to. */
export interface Heaviest {
  readonly sum: number;
  readonly from: number;
  readonly to: number;
}

const FEWEST = 6;
/** By what the sum of a stretch of so many words is divided. */
export const evenOut = (words: number): number => Math.sqrt(Math.max(words, FEWEST) * SLOTS_A_WORD);

/** How many words the stretches have. */
const WIDTHS = [12, 40];

/** A stretch of some words that moves along a text. */
class Stretch {
  readonly #width: number;
  readonly #divisor: number;
  /** Weights of the words before, as many as the stretch has, then of those that it moves over. */
  readonly #own: Float64Array;
  #sum = 0;
  #most = Number.NEGATIVE_INFINITY;
  #mostTo = 0;

  constructor(width: number, unit: number) {
    this.#width = width;
    this.#divisor = evenOut(width) / unit;
    this.#own = new Float64Array(width + WORDS_AT_ONCE);
  }

  /** Moves over `count` words, before which `words` stand. `ruled`: what rules lend them; undefined: nothing. */
  move(weights: Float64Array, ruled: Float64Array | undefined, count: number, words: number): void {
    const own = this.#own;
    const width = this.#width;
    own.set(weights, width);
    if (ruled) for (let i = 0; i < count; i++) own[width + i]! += ruled[i]! * this.#divisor;
    let sum = this.#sum;
    let most = this.#most;
    for (let i = 0; i < count; i++) {
      sum += own[width + i]! - own[i]!;
      if (sum <= most || words + i + 1 < width) continue;
      most = sum;
      this.#mostTo = words + i + 1;
    }
    this.#sum = sum;
    this.#most = most;
    own.copyWithin(0, count, count + width);
  }

  /** The heaviest so far; undefined where the text is shorter. */
  get heaviest(): Heaviest | undefined {
    return this.#mostTo === 0 ? undefined : { sum: this.#most / this.#divisor, from: this.#mostTo - this.#width, to: this.#mostTo };
  }
}

/** Weighs one text. */
export class Scale {
  readonly #weights: Weights;
  readonly #own = new Float64Array(WORDS_AT_ONCE);
  readonly #stretches: readonly Stretch[];
  #words = 0;
  #slots = 0;
  #rules = 0;
  #kinds = 0;

  constructor(weights: Weights) {
    this.#weights = weights;
    this.#stretches = WIDTHS.map((width) => new Stretch(width, weights.unit));
  }

  /** Takes words in, as `TakeFeatures`. */
  take(slots: Int32Array, kinds: Uint8Array, count: number): void {
    const weights = this.#weights.slots;
    const own = this.#own;
    let all = 0;
    let seen = 0;
    for (let i = 0; i < count; i++) {
      const at = i * SLOTS_A_WORD;
      const weight = weights[slots[at]!]! + weights[slots[at + 1]!]! + weights[slots[at + 2]!]! + weights[slots[at + 3]!]!;
      own[i] = weight;
      all += weight;
      seen |= kinds[i]!;
    }
    this.#slots += all;
    this.#kinds |= seen;
    const ruled = seen === 0 ? undefined : this.#rule(kinds, count);
    for (const stretch of this.#stretches) stretch.move(own, ruled, count, this.#words);
    this.#words += count;
  }

  /** What rules lend each word. */
  #rule(kinds: Uint8Array, count: number): Float64Array {
    const ruled = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      for (let bits = kinds[i]!, bit = 0; bits !== 0; bits >>= 1, bit++) if (bits & 1) ruled[i]! += this.#weights.kinds[bit]!;
      this.#rules += ruled[i]!;
    }
    return ruled;
  }

  /** The kinds whose rules spoke anywhere, as bits. */
  get kinds(): number {
    return this.#kinds;
  }

  /** The heaviest stretch so far. A text shorter than one is one, and without a word it weighs its bias. */
  get heaviest(): Heaviest {
    const { bias, unit } = this.#weights;
    const whole = { sum: (this.#slots * unit) / evenOut(this.#words) + this.#rules, from: 0, to: this.#words };
    const [short, long] = this.#stretches.map((stretch) => stretch.heaviest ?? whole);
    const best = long!.sum > short!.sum ? long! : short!;
    return { ...best, sum: bias + best.sum };
  }
}
