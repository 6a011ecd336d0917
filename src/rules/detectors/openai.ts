// OpenAI's keys, and the bare `sk-` keys that DeepSeek, Moonshot and others copied from it.
// A bare one has letters and digits only, so class names such as `sk-fading-circle` are none.
import { ALNUM, URL_SAFE } from '../masking/characters.ts';
import type { Detector } from '../masking/detector.ts';
import { isMixed, type TokenShape, tokenFinder } from '../masking/token.ts';

const SHAPES: readonly TokenShape[] = [
  { prefix: 'sk-proj-', alphabet: URL_SAFE, min: 20, accepts: isMixed },
  { prefix: 'sk-svcacct-', alphabet: URL_SAFE, min: 20, accepts: isMixed },
  { prefix: 'sk-admin-', alphabet: URL_SAFE, min: 20, accepts: isMixed },
  { prefix: 'sk-None-', alphabet: URL_SAFE, min: 20, accepts: isMixed },
  { prefix: 'sk-', alphabet: ALNUM, min: 20, accepts: isMixed },
];

/** `sk-proj-…`, `sk-svcacct-…`, `sk-admin-…` and bare `sk-…`. */
export const openai: Detector = {
  name: 'openai',
  kind: 'secrets',
  word: 'KEY',
  anchors: ['sk-'],
  find: tokenFinder(SHAPES),
  examples: {
    yes: [
      'OPENAI_API_KEY=sk-proj-a8Kd_93jfLs-02kdLQpz7Xn4mVb6TgRy5HuJ1WeC',
      'sk-Q7w9E2r4T6y8U1i3O5p7A9s2D4f6G8h1J3k5L7z9X2c4V6b8',
      'key: "sk-0f3a9c7b5d1e4f6a8b0c2d4e6f8a1b3c"',
    ],
    no: [
      'sk-proj-xxxxxxxxxxxxxxxxxxxxxxxx',
      '<div class="sk-fading-circle sk-circle-fade">',
      'sk-learn-contrib-development-environment',
      'sk-short1',
      'a disk-0123456789abcdef0123456789abcdef image',
    ],
  },
};
