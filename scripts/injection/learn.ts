// Learns the weights: stochastic gradient steps of a logistic regression with shrinking weights, each taken on the heaviest stretch of a
// row, so that what is learned is what the judge asks. Deterministic for a seed; it must not know where rows come from.
import { SLOTS, SLOTS_A_WORD } from '../../src/rules/injection/features.ts';
import { evenOut, type Weights } from '../../src/rules/injection/model.ts';
import { INJECTION_KINDS } from '../../src/rules/injection/words.ts';
import { heaviestOf, type Reading } from './reading.ts';
import { seeded } from './rows.ts';

/** A row that was read, what it is and how much it counts. */
export interface Example {
  readonly readings: readonly Reading[];
  readonly attack: boolean;
  readonly weight: number;
}

const SPEED = 0.5;
const SHRINK = 5e-5;

/** Weights learned from examples in so many rounds. */
export const learn = (examples: readonly Example[], rounds: number, seed: number): Weights => {
  const slots = new Float64Array(SLOTS);
  const squares = new Float64Array(SLOTS).fill(0.05);
  const kinds = INJECTION_KINDS.map(() => 1);
  const weights = { slots, kinds, bias: -1, unit: 1 };
  const random = seeded(seed);
  const order = examples.map((_, i) => i);
  for (let round = 0; round < rounds; round++) {
    for (let i = order.length - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1));
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    for (const at of order) {
      const { readings, attack, weight } = examples[at]!;
      let reading = readings[0]!;
      let best = heaviestOf(reading, weights);
      for (const other of readings.slice(1)) {
        const found = heaviestOf(other, weights);
        if (found.sum > best.sum) [reading, best] = [other, found];
      }
      const error = ((attack ? 1 : 0) - 1 / (1 + Math.exp(-best.sum))) * weight;
      if (Math.abs(error) < 0.01) continue;
      const share = 1 / evenOut(best.to - best.from);
      for (let i = best.from * SLOTS_A_WORD; i < best.to * SLOTS_A_WORD; i++) {
        const slot = reading.slots[i]!;
        const slope = error * share - SHRINK * slots[slot]!;
        squares[slot]! += slope * slope;
        slots[slot]! += (SPEED * slope) / Math.sqrt(squares[slot]!);
      }
      for (let i = best.from; i < best.to; i++)
        for (let bit = 0; bit < kinds.length; bit++)
          if ((reading.kinds[i]! >> bit) & 1) kinds[bit] = Math.min(2.5, Math.max(0.1, kinds[bit]! + 0.01 * error));
      weights.bias = Math.max(-6, Math.min(-1, weights.bias + 0.01 * error));
    }
  }
  return weights;
};
