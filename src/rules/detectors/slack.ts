// Slack's tokens: of bots, users, apps, workspaces and sessions.
// A name such as `xoxa-nyc` has no digits and is none.
import { ALNUM, DASH } from '../masking/characters.ts';
import type { Detector } from '../masking/detector.ts';
import { isMixed, type TokenShape, tokenFinder } from '../masking/token.ts';

function hasDigits(rest: string): boolean {
  return /^(?:\D*\d){4}/.test(rest.slice(0, 64));
}

const SHAPES: readonly TokenShape[] = [
  { prefix: 'xoxe.xoxp-', alphabet: ALNUM | DASH, min: 20, accepts: isMixed },
  { prefix: 'xoxe.xoxb-', alphabet: ALNUM | DASH, min: 20, accepts: isMixed },
  ...[...'abeoprs'].map((letter) => ({ prefix: `xox${letter}-`, alphabet: ALNUM | DASH, min: 10, accepts: hasDigits })),
  { prefix: 'xapp-', alphabet: ALNUM | DASH, min: 20, accepts: isMixed },
];

/** `xoxb-…`, `xoxp-…`, `xapp-…` and their kin. */
export const slack: Detector = {
  name: 'slack',
  kind: 'secrets',
  word: 'TOKEN',
  anchors: SHAPES.map((shape) => shape.prefix),
  find: tokenFinder(SHAPES),
  examples: {
    yes: [
      'xoxb-254657588278-338292178398-8iEE3N9OuOjhaQewrVeTi98j',
      'token=xapp-1-A0F6JEP4877-3425459257038-ff6379c940d5ed64',
      'xoxe.xoxp-1-Mi0yLTM5MTgwOTU0ODI3NC00MjM2MjEyNzY2Nzg5',
    ],
    no: ['https://github.com/xoxb-club/xoxb-club.github.io/blob/main/INDEX.md', 'xoxb-your-token', 'xoxp-xxxxxxxxxxxx-xxxxxxxxxxxx'],
  },
};
