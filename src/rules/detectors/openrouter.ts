// OpenRouter's keys: `sk-or-v1-` and 64 hex digits.
// It must not know other providers.
import { HEX } from '../masking/characters.ts';
import type { Detector } from '../masking/detector.ts';
import { type TokenShape, tokenFinder } from '../masking/token.ts';

const SHAPES: readonly TokenShape[] = [{ prefix: 'sk-or-v1-', alphabet: HEX, min: 32 }];

/** `sk-or-v1-…`. */
export const openrouter: Detector = {
  name: 'openrouter',
  kind: 'secrets',
  word: 'KEY',
  anchors: SHAPES.map((shape) => shape.prefix),
  find: tokenFinder(SHAPES),
  examples: {
    yes: ['OPENROUTER_API_KEY=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'],
    no: ['sk-or-v1-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', 'sk-or-v1-0654'],
  },
};
