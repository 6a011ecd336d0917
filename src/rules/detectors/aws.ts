// AWS access key ids: four known letters and sixteen of A-Z, 0-9. The documents' own `…EXAMPLE` is none.
// The secret half has no shape of its own and needs a name beside it: not here.
import { DIGIT, UPPER } from '../masking/characters.ts';
import type { Detector } from '../masking/detector.ts';
import { isMixed, type TokenShape, tokenFinder } from '../masking/token.ts';

function isReal(rest: string): boolean {
  return isMixed(rest) && !rest.endsWith('EXAMPLE');
}

const SHAPES: readonly TokenShape[] = [
  { prefix: 'AKIA', alphabet: UPPER | DIGIT, min: 16, max: 16, accepts: isReal },
  { prefix: 'ASIA', alphabet: UPPER | DIGIT, min: 16, max: 16, accepts: isReal },
];

/** `AKIA…` and `ASIA…`. */
export const aws: Detector = {
  name: 'aws',
  kind: 'secrets',
  word: 'AWS',
  anchors: SHAPES.map((shape) => shape.prefix),
  find: tokenFinder(SHAPES),
  examples: {
    yes: ['aws_access_key_id = AKIAL9IDKJKSPEY23M6Q', '{"AccessKeyId":"ASIAGRD3RHZ2RS7CKJU4"}'],
    no: ['AKIAIOSFODNN7EXAMPLE', 'key = AKIAXXXXXXXXXXXXXXXX', 'NORTHOFASIAWESAWNINETEENSHIPSX', 'AKIAL9IDKJKSPEY23M6QA'],
  },
};
