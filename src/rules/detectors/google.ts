// Google's API keys, OAuth client secrets, access and refresh tokens.
// It must not know which product a key is for.
import { DOT, URL_SAFE } from '../masking/characters.ts';
import type { Detector } from '../masking/detector.ts';
import { isMixed, type TokenShape, tokenFinder } from '../masking/token.ts';

const SHAPES: readonly TokenShape[] = [
  { prefix: 'AIza', alphabet: URL_SAFE, min: 35, max: 35 },
  { prefix: 'GOCSPX-', alphabet: URL_SAFE, min: 28, max: 28 },
  { prefix: 'ya29.', alphabet: URL_SAFE | DOT, min: 40 },
  { prefix: '1//0', alphabet: URL_SAFE, min: 40, accepts: isMixed },
  { prefix: 'AQ.Ab', alphabet: URL_SAFE, min: 40, accepts: isMixed },
];

/** `AIza…`, `AQ.Ab…`, `GOCSPX-…`, `ya29.…`, `1//0…`. */
export const google: Detector = {
  name: 'google',
  kind: 'secrets',
  word: 'KEY',
  anchors: SHAPES.map((shape) => shape.prefix),
  find: tokenFinder(SHAPES),
  examples: {
    yes: [
      'GEMINI_API_KEY=AIzaL2uArksS-44Vx6iwnS8QUbpVAz9BFP3RDr8',
      '"client_secret":"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"',
      'Bearer ya29.EDdM2LLZeJFZm-A2rzH_6ykT_qnCh84b6lqIwW19PNdqRJAhvaxiwM6ak',
      'refresh_token: 1//0T4eRe15N0tT4Et0kEHY0U4Rel0Ok1ng4-hPyg7SWC7tZ1WE',
    ],
    no: ['AIzaSyXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX', 'AIzaTooShort', 'GOCSPX-1234', 'ya29.', 'https://a.example/1//0'],
  },
};
