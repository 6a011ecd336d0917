// PyPI's upload tokens: macaroons in base64url that begin with the site's name.
// It must not know which index they are for.
import { URL_SAFE } from '../masking/characters.ts';
import type { Detector } from '../masking/detector.ts';
import { type TokenShape, tokenFinder } from '../masking/token.ts';

const SHAPES: readonly TokenShape[] = [{ prefix: 'pypi-AgE', alphabet: URL_SAFE, min: 50 }];

/** `pypi-AgE…`. */
export const pypi: Detector = {
  name: 'pypi',
  kind: 'secrets',
  word: 'TOKEN',
  anchors: SHAPES.map((shape) => shape.prefix),
  find: tokenFinder(SHAPES),
  examples: {
    yes: ['password = pypi-AgEIcHlwaS5vcmcBruBrJzYrKz8mK0FVdPGvbmSsVKOkftYGwQP_C6v3obtujT9aby-qmeTx6lhj-vR1FZ3GqfP6GcuaM'],
    no: ['pypi-AgENdGVzdA', 'pypi-publish'],
  },
};
