// Hugging Face's user and organisation tokens: a prefix and 34 letters.
// Digits do not occur in them; test tokens in the wild sometimes have some.
import { ALNUM } from '../masking/characters.ts';
import type { Detector } from '../masking/detector.ts';
import { isMixed, type TokenShape, tokenFinder } from '../masking/token.ts';

const SHAPES: readonly TokenShape[] = [
  { prefix: 'hf_', alphabet: ALNUM, min: 34, max: 40, accepts: isMixed },
  { prefix: 'api_org_', alphabet: ALNUM, min: 34, max: 40, accepts: isMixed },
];

/** `hf_…` and `api_org_…`. */
export const huggingFace: Detector = {
  name: 'hugging-face',
  kind: 'secrets',
  word: 'TOKEN',
  anchors: SHAPES.map((shape) => shape.prefix),
  find: tokenFinder(SHAPES),
  examples: {
    yes: ['https://host/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/part', 'HF_TOKEN=hf_F9ljlz5Ez4CJ68lVA94VTj7obZbxrsS7KM'],
    no: ['hf_abc', 'hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', 'hf_hub_download(repo_id)'],
  },
};
