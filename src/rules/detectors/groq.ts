// Groq's keys: `gsk_` and 52 letters and digits.
// It must not know other providers.
import { ALNUM } from '../masking/characters.ts';
import type { Detector } from '../masking/detector.ts';
import { isMixed, type TokenShape, tokenFinder } from '../masking/token.ts';

const SHAPES: readonly TokenShape[] = [{ prefix: 'gsk_', alphabet: ALNUM, min: 40, accepts: isMixed }];

/** `gsk_…`. */
export const groq: Detector = {
  name: 'groq',
  kind: 'secrets',
  word: 'KEY',
  anchors: SHAPES.map((shape) => shape.prefix),
  find: tokenFinder(SHAPES),
  examples: {
    yes: ['GROQ_API_KEY=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'],
    no: ['gsk_short', 'gsk_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'],
  },
};
