// Google Vertex AI: Gemini in its own dialect, Claude by rawPredict in Anthropic's, everything else as chat completions.
// The model's publisher stands in the path and decides; region and project do not matter.
import { attestsBilling } from '../attestation.ts';
import { anthropic } from '../dialects/anthropic.ts';
import { chat } from '../dialects/chat.ts';
import { gemini } from '../dialects/gemini.ts';
import type { Provider } from '../provider.ts';

/** Google Vertex AI. */
export const vertex: Provider = {
  name: 'vertex',
  semconvName: 'gcp.vertex_ai',
  hosts: ['aiplatform.googleapis.com', '*-aiplatform.googleapis.com'],
  endpoints: [
    {
      name: 'messages',
      method: 'POST',
      path: /^\/v1(beta1)?\/[\w/.@-]+\/publishers\/anthropic\/models\/[\w.@-]+:(rawPredict|streamRawPredict)$/,
      dialect: anthropic,
      kind: 'model',
    },
    {
      name: 'generate',
      method: 'POST',
      path: /^\/v1(beta1)?\/[\w/.@-]+:(generateContent|streamGenerateContent|countTokens)$/,
      dialect: gemini,
      kind: 'model',
    },
    { name: 'raw', method: 'POST', path: /^\/v1(beta1)?\/[\w/.@-]+:(rawPredict|streamRawPredict)$/, dialect: chat, kind: 'model' },
    { name: 'chat', method: 'POST', path: /^\/v1(beta1)?\/[\w/.@-]+\/endpoints\/[\w-]+\/chat\/completions$/, dialect: chat, kind: 'model' },
  ],
  fallback: gemini,
  auth: [{ header: 'authorization' }, { header: 'x-goog-api-key' }, { query: 'key' }],
  attests: attestsBilling,
  examples: [
    {
      method: 'POST',
      url: 'https://us-east5-aiplatform.googleapis.com/v1/projects/p/locations/us-east5/publishers/anthropic/models/claude-sonnet-4-5@20250929:streamRawPredict',
      endpoint: 'messages',
    },
    {
      method: 'POST',
      url: 'https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/google/models/gemini-2.5-pro:streamGenerateContent?alt=sse',
      endpoint: 'generate',
    },
    {
      method: 'POST',
      url: 'https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/us-central1/publishers/mistralai/models/codestral:rawPredict',
      endpoint: 'raw',
    },
    {
      method: 'POST',
      url: 'https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/us-central1/endpoints/openapi/chat/completions',
      endpoint: 'chat',
    },
    { method: 'GET', url: 'https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/us-central1/models', endpoint: '' },
  ],
};
