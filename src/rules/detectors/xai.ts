// xAI's keys: `xai-` and 80 letters and digits.
// It must not know other providers.
import { ALNUM, UNDERSCORE } from '../masking/characters.ts';
import type { Detector } from '../masking/detector.ts';
import { isMixed, type TokenShape, tokenFinder } from '../masking/token.ts';

const SHAPES: readonly TokenShape[] = [{ prefix: 'xai-', alphabet: ALNUM | UNDERSCORE, min: 40, accepts: isMixed }];

/** `xai-…`. */
export const xai: Detector = {
  name: 'xai',
  kind: 'secrets',
  word: 'KEY',
  anchors: SHAPES.map((shape) => shape.prefix),
  find: tokenFinder(SHAPES),
  examples: {
    yes: ['XAI_API_KEY=xai-pF7geCS6PT5mR69YXHuQd8tGgVElZCBhrj9MNy6O3ut1dFoW4xzazAGf5pyzguU32t3fizmKTNnEbawn'],
    no: ['xai-grok-client', 'xai-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'],
  },
};
