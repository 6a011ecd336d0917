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
    yes: ['XAI_API_KEY=xai-fN3cpRE5LC5jQ63OGZaWk5rZzTNqUGWdwi1FOx0I1fl2cSyZ4oouhKVe2ertkqU35m8sgnrPSJtImfmy'],
    no: ['xai-grok-client', 'xai-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'],
  },
};
