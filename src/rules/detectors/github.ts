// GitHub's tokens: classic and OAuth, of apps, and fine-grained ones.
// The checksum in the last six characters is not asked for: test fixtures and older tokens lack it.
import { ALNUM, DOT, URL_SAFE, WORD } from '../masking/characters.ts';
import type { Detector } from '../masking/detector.ts';
import { type TokenShape, tokenFinder } from '../masking/token.ts';

/** Not a name in snake case. */
function isNoName(rest: string): boolean {
  return !/[-_.]/.test(rest) || (/[A-Z]/.test(rest) && /[0-9]/.test(rest) && /[a-z]/.test(rest));
}

const SHAPES: readonly TokenShape[] = [
  { prefix: 'github_pat_', alphabet: WORD, min: 36 },
  // Tokens of app installations may also be an app's id and a JWT.
  { prefix: 'ghs_', alphabet: URL_SAFE | DOT, min: 36, accepts: isNoName },
  ...['ghp_', 'gho_', 'ghu_', 'ghr_'].map((prefix) => ({ prefix, alphabet: ALNUM, min: 36, max: 255 })),
];

/** `ghp_…`, `gho_…`, `ghu_…`, `ghs_…`, `ghr_…` and `github_pat_…`. */
export const github: Detector = {
  name: 'github',
  kind: 'secrets',
  word: 'TOKEN',
  anchors: SHAPES.map((shape) => shape.prefix),
  find: tokenFinder(SHAPES),
  examples: {
    yes: [
      'my token is ghp_nf2ovF6G2uWwhEJReKXJC5TxsEaLcilURZ5m and',
      'git clone https://github_pat_11ABLV2EA0gWlOtew7YDYY_xXoiQzNpBTaTjNuaJKYyZDzVsoXQlWknbdKH4x66@github.com/a/b',
      'ghs_a1o3phi6pl1sc2xj66euiti35x0vwz1zpvp7',
      'ghs_12345_eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxMjM0NSJ9.Zk3v9QpL2xW8-rT5uY7iO1aS4dF6gH0jK_zXcVbNm',
      '"gho_o3x3xdq7xt7jp1yn64dhczo97e9nyf2nuqy3"',
    ],
    no: [
      'gho_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
      'ghp_short',
      'ghs_some_very_long_name_of_a_column_in_2_tables',
      'the weigh_ghs_columns',
    ],
  },
};
