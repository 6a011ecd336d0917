// npm's access tokens: `npm_` and 36 letters and digits.
// Names of variables such as `npm_config_user_agent` have underscores and are none.
import { ALNUM } from '../masking/characters.ts';
import type { Detector } from '../masking/detector.ts';
import { type TokenShape, tokenFinder } from '../masking/token.ts';

const SHAPES: readonly TokenShape[] = [{ prefix: 'npm_', alphabet: ALNUM, min: 36, max: 36 }];

/** `npm_…`. */
export const npm: Detector = {
  name: 'npm',
  kind: 'secrets',
  word: 'TOKEN',
  anchors: SHAPES.map((shape) => shape.prefix),
  find: tokenFinder(SHAPES),
  examples: {
    yes: ['//registry.example/:_authToken=npm_DBZV6K6z1EzYjiqdneH7BtQ5hT5hKbkJJAsg'],
    no: ['npm_config_user_agent', 'npm_lifecycle_event=build', 'npm_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'],
  },
};
