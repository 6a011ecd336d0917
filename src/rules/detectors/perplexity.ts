// Perplexity's keys: `pplx-` and 48 letters and digits.
// It must not know other providers.
import { ALNUM } from '../masking/characters.ts';
import type { Detector } from '../masking/detector.ts';
import { isMixed, type TokenShape, tokenFinder } from '../masking/token.ts';

const SHAPES: readonly TokenShape[] = [{ prefix: 'pplx-', alphabet: ALNUM, min: 40, accepts: isMixed }];

/** `pplx-…`. */
export const perplexity: Detector = {
  name: 'perplexity',
  kind: 'secrets',
  word: 'KEY',
  anchors: SHAPES.map((shape) => shape.prefix),
  find: tokenFinder(SHAPES),
  examples: {
    yes: ['PERPLEXITY_API_KEY=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'],
    no: ['pplx-70b-online', 'pplx-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'],
  },
};
