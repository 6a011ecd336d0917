// What was read of a text, kept: the trainer weighs each text many times over. It must not know weights or how they are learned.
import { SLOTS_A_WORD } from '../../src/rules/injection/features.ts';
import { readAll } from '../../src/rules/injection/judge.ts';
import { type Heaviest, Scale, type Weights } from '../../src/rules/injection/model.ts';
import { WORDS_AT_ONCE } from '../../src/rules/injection/read-words.ts';

/** The words of a text, or of what it hides: their slots and the kinds whose rules speak at them, as bits. */
export interface Reading {
  readonly slots: readonly number[];
  readonly kinds: readonly number[];
}

/** Every reading of a text. */
export const readingsOf = (text: string): Reading[] => {
  const out: Reading[] = [];
  readAll(text, () => {
    const reading: { slots: number[]; kinds: number[] } = { slots: [], kinds: [] };
    out.push(reading);
    return (slots, kinds, count) => {
      reading.slots.push(...slots.subarray(0, count * SLOTS_A_WORD));
      reading.kinds.push(...kinds.subarray(0, count));
    };
  });
  return out;
};

/** The heaviest stretch of a reading. */
export const heaviestOf = ({ slots, kinds }: Reading, weights: Weights): Heaviest => {
  const scale = new Scale(weights);
  for (let at = 0; at < kinds.length; at += WORDS_AT_ONCE) {
    const own = kinds.slice(at, at + WORDS_AT_ONCE);
    scale.take(Int32Array.from(slots.slice(at * SLOTS_A_WORD, (at + own.length) * SLOTS_A_WORD)), Uint8Array.from(own), own.length);
  }
  return scale.heaviest;
};
