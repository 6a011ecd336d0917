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
