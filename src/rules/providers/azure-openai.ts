// Azure OpenAI and Azure AI Foundry: a host per customer, deployments in the path, the key in `api-key`. Foundry serves Claude too.
// Which host is whose does not matter here: the customer's name in it is never looked at.
import { attestsBilling } from '../attestation.ts';
import { anthropic } from '../dialects/anthropic.ts';
import { chat } from '../dialects/chat.ts';
import { responses } from '../dialects/responses.ts';
import type { Provider } from '../provider.ts';

/** Azure OpenAI and Azure AI Foundry. */
export const azureOpenai: Provider = {
  name: 'azure-openai',
  semconvName: 'azure.ai.openai',
  hosts: ['*.openai.azure.com', '*.services.ai.azure.com', '*.cognitiveservices.azure.com'],
  endpoints: [
    {
      name: 'chat',
      method: 'POST',
      path: /^(\/openai(\/v1|\/deployments\/[\w.-]+)|\/models)\/(chat\/)?completions$/,
      dialect: chat,
      kind: 'model',
    },
    {
      name: 'responses',
      path: /^\/openai(\/v1|\/deployments\/[\w.-]+)?\/responses(\/[\w-]+){0,2}$/,
      dialect: responses,
      kind: 'model',
    },
    { name: 'messages', method: 'POST', path: /^\/anthropic\/v1\/messages(\/count_tokens)?$/, dialect: anthropic, kind: 'model' },
  ],
  fallback: chat,
  auth: [{ header: 'api-key' }, { header: 'authorization' }, { header: 'x-api-key' }],
  attests: attestsBilling,
  examples: [
    {
      method: 'POST',
      url: 'https://example.openai.azure.com/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21',
      endpoint: 'chat',
    },
    { method: 'POST', url: 'https://example.openai.azure.com/openai/v1/responses', endpoint: 'responses' },
    { method: 'POST', url: 'https://example.services.ai.azure.com/anthropic/v1/messages', endpoint: 'messages' },
    { method: 'POST', url: 'https://example.services.ai.azure.com/models/chat/completions', endpoint: 'chat' },
    { method: 'POST', url: 'https://example.cognitiveservices.azure.com/openai/deployments/w/audio/transcriptions', endpoint: '' },
  ],
};
