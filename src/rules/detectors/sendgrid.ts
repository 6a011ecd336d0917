// SendGrid's API keys: `SG.` and 66 characters, of which one is usually a dot.
// It must not know Twilio, which owns it.
import { DOT, URL_SAFE } from '../masking/characters.ts';
import type { Detector } from '../masking/detector.ts';
import { isMixed, type TokenShape, tokenFinder } from '../masking/token.ts';

const SHAPES: readonly TokenShape[] = [{ prefix: 'SG.', alphabet: URL_SAFE | DOT, min: 64, max: 68, accepts: isMixed }];

/** `SG.…`. */
export const sendgrid: Detector = {
  name: 'sendgrid',
  kind: 'secrets',
  word: 'KEY',
  anchors: SHAPES.map((shape) => shape.prefix),
  find: tokenFinder(SHAPES),
  examples: {
    yes: ['SENDGRID_API_KEY=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'],
    no: ['SG.1.2', 'MSG.SG.prefix'],
  },
};
