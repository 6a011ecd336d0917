// xAI: chat completions, Responses and an Anthropic-compatible Messages call, on one host and its regional names.
// The dialect goes by the path alone; which model is asked for does not matter.
import { attestsBilling } from '../attestation.ts';
import { anthropic } from '../dialects/anthropic.ts';
import { chat } from '../dialects/chat.ts';
import { responses } from '../dialects/responses.ts';
import type { Provider } from '../provider.ts';

/** Grok by xAI. */
export const xai: Provider = {
  name: 'xai',
  semconvName: 'x_ai',
  hosts: ['api.x.ai', '*.api.x.ai'],
  endpoints: [
    { name: 'chat', method: 'POST', path: /^\/v1\/chat\/completions$/, dialect: chat, kind: 'model' },
    { name: 'responses', path: /^\/v1\/responses(\/[\w-]+)?$/, dialect: responses, kind: 'model' },
    { name: 'messages', method: 'POST', path: /^\/v1\/messages$/, dialect: anthropic, kind: 'model' },
    { name: 'completions', method: 'POST', path: /^\/v1\/completions$/, dialect: chat, kind: 'model' },
    { name: 'models', method: 'GET', path: /^\/v1\/(language-)?models(\/[\w.-]+)?$/, dialect: chat, kind: 'other' },
  ],
  fallback: chat,
  auth: [{ header: 'authorization' }, { header: 'x-api-key' }],
  attests: attestsBilling,
  examples: [
    { method: 'POST', url: 'https://api.x.ai/v1/chat/completions', endpoint: 'chat' },
    { method: 'POST', url: 'https://eu-west-1.api.x.ai/v1/responses', endpoint: 'responses' },
    { method: 'POST', url: 'https://api.x.ai/v1/messages', endpoint: 'messages' },
    { method: 'GET', url: 'https://api.x.ai/v1/api-key', endpoint: '' },
  ],
};
