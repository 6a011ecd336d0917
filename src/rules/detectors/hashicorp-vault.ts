// HashiCorp Vault's service, batch and recovery tokens.
// It must not know what a vault holds.
import { URL_SAFE } from '../masking/characters.ts';
import type { Detector } from '../masking/detector.ts';
import { isMixed, type TokenShape, tokenFinder } from '../masking/token.ts';

const SHAPES: readonly TokenShape[] = [
  ...['hvs.', 'hvb.', 'hvr.'].map((prefix) => ({ prefix, alphabet: URL_SAFE, min: 24, accepts: isMixed })),
];

/** `hvs.…`, `hvb.…`, `hvr.…`. */
export const hashicorpVault: Detector = {
  name: 'hashicorp-vault',
  kind: 'secrets',
  word: 'TOKEN',
  anchors: SHAPES.map((shape) => shape.prefix),
  find: tokenFinder(SHAPES),
  examples: {
    yes: ['VAULT_TOKEN=hvs.hWay-wis3QpoSXob5gz_jyHmBQeyTg0l4IRsl4rnZw0tMbiT8h6X_CCHun3cdyTh'],
    no: ['hvs.Client', 'hvs.xxxxxxxxxxxxxxxxxxxxxxxxxxxx'],
  },
};
