// Stripe's secret and restricted keys and the secrets that sign its webhooks.
// Publishable keys are meant to be seen.
import { ALNUM, BASE64, EQUALS } from '../masking/characters.ts';
import type { Detector } from '../masking/detector.ts';
import { isMixed, type TokenShape, tokenFinder } from '../masking/token.ts';

const SHAPES: readonly TokenShape[] = [
  ...['sk_live_', 'sk_test_', 'rk_live_', 'rk_test_'].map((prefix) => ({ prefix, alphabet: ALNUM, min: 16 })),
  { prefix: 'whsec_', alphabet: ALNUM | BASE64 | EQUALS, min: 24, accepts: isMixed },
];

/** `sk_live_…`, `rk_live_…`, their test twins, `whsec_…`. */
export const stripe: Detector = {
  name: 'stripe',
  kind: 'secrets',
  word: 'KEY',
  anchors: SHAPES.map((shape) => shape.prefix),
  find: tokenFinder(SHAPES),
  examples: {
    yes: [
      'stripe.api_key = "sk_live_T1z4jtdp7dcC39HqLyjWareD"',
      'rk_test_51HqLyjWareDT1z4jtdp7dcC39',
      'whsec_W3DON3QugvhSlwRsyD8PQH9HzhqBimBV',
    ],
    no: ['pk_live_KQI2pIpqzh1Nv2ZXfJBqUJItqoO5WdI6', 'sk_test_...', 'task_test_results_of_the_day', 'sk_live_your_key'],
  },
};
