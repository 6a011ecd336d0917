// Anthropic's keys: API keys, the OAuth tokens of Claude subscriptions, admin keys.
// A key without a known kind after `sk-ant-` is still one.
import { URL_SAFE } from '../masking/characters.ts';
import type { Detector } from '../masking/detector.ts';
import { isMixed, type TokenShape, tokenFinder } from '../masking/token.ts';

const SHAPES: readonly TokenShape[] = [
  { prefix: 'sk-ant-api03-', alphabet: URL_SAFE, min: 20 },
  { prefix: 'sk-ant-oat01-', alphabet: URL_SAFE, min: 20 },
  { prefix: 'sk-ant-ort01-', alphabet: URL_SAFE, min: 20 },
  { prefix: 'sk-ant-admin01-', alphabet: URL_SAFE, min: 20 },
  { prefix: 'sk-ant-sid01-', alphabet: URL_SAFE, min: 20 },
  { prefix: 'sk-ant-', alphabet: URL_SAFE, min: 24, accepts: isMixed },
];

/** `sk-ant-api03-…` and its kin. */
export const anthropic: Detector = {
  name: 'anthropic',
  kind: 'secrets',
  word: 'KEY',
  anchors: ['sk-ant-'],
  find: tokenFinder(SHAPES),
  examples: {
    yes: [
      'ANTHROPIC_API_KEY=sk-ant-api03-Zk3v9QpL2xW8-rT5uY7iO1aS4dF6gH0jK_zXcVbNm',
      'refresh sk-ant-ort01-Zk3v9QpL2xW8rT5uY7iO1aS4dF6gH0jK in the file',
      '{"k":"sk-ant-next07-Zk3v9QpL2xW8rT5uY7iO1aS4"}',
    ],
    no: [
      'sk-ant-api03-xxxxxxxxxxxxxxxxxxxxxxxxxxxx',
      'sk-ant-api03-your-api-key-goes-here',
      'export KEY=sk-ant-...',
      'the task-ant-colony-optimisation-framework',
    ],
  },
};
