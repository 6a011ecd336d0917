// GitLab's tokens: personal, deploy, runner, feed, agent and the like.
// New personal tokens carry a routing part behind dots.
import { DOT, URL_SAFE } from '../masking/characters.ts';
import type { Detector } from '../masking/detector.ts';
import { isMixed, type TokenShape, tokenFinder } from '../masking/token.ts';

const SHAPES: readonly TokenShape[] = [
  ...['glpat-', 'gldt-', 'glrt-', 'glft-', 'glptt-', 'glcbt-', 'gloas-', 'glsoat-', 'glimt-', 'glagent-'].map((prefix) => ({
    prefix,
    alphabet: URL_SAFE | DOT,
    min: 20,
    accepts: isMixed,
  })),
];

/** `glpat-…` and its kin. */
export const gitlab: Detector = {
  name: 'gitlab',
  kind: 'secrets',
  word: 'TOKEN',
  anchors: SHAPES.map((shape) => shape.prefix),
  find: tokenFinder(SHAPES),
  examples: {
    yes: ['GITLAB_TOKEN=glpat-1decf3745vq3z268cohq', 'glpat-7b3rl9i8q59YGcQ1NJ13.97.lndUguRwI # Personal', 'glft-vdwsj1tbxu7wubimgou4'],
    no: ['glpat-XXXXXXXXXXX-XXXXXXXX', 'glpat-short'],
  },
};
