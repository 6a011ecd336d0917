// DigitalOcean's personal, OAuth and refresh tokens: a prefix and 64 hex digits.
// It must not know other clouds.
import { HEX } from '../masking/characters.ts';
import type { Detector } from '../masking/detector.ts';
import { type TokenShape, tokenFinder } from '../masking/token.ts';

const SHAPES: readonly TokenShape[] = [...['dop_v1_', 'doo_v1_', 'dor_v1_'].map((prefix) => ({ prefix, alphabet: HEX, min: 64, max: 64 }))];

/** `dop_v1_…`, `doo_v1_…`, `dor_v1_…`. */
export const digitalocean: Detector = {
  name: 'digitalocean',
  kind: 'secrets',
  word: 'TOKEN',
  anchors: SHAPES.map((shape) => shape.prefix),
  find: tokenFinder(SHAPES),
  examples: {
    yes: ['doToken = "dop_v1_84224958ca29361babe56a48ec72452874966378e628281e6939a783c25d8554"'],
    no: ['dop_v1_5568', 'dop_v1_xxxxxxxx'],
  },
};
