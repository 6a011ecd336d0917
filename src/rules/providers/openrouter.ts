// OpenRouter: one key, many models, and all three of the big dialects under /api/v1.
// Which vendor answers in the end is not looked at.
import { attestsBilling } from '../attestation.ts';
import { anthropic } from '../dialects/anthropic.ts';
import { chat } from '../dialects/chat.ts';
import { responses } from '../dialects/responses.ts';
import type { Provider } from '../provider.ts';

/** OpenRouter. */
export const openrouter: Provider = {
  name: 'openrouter',
  hosts: ['openrouter.ai'],
  endpoints: [
    { name: 'chat', method: 'POST', path: /^\/api\/v1\/chat\/completions$/, dialect: chat, kind: 'model' },
    { name: 'responses', path: /^\/api\/v1\/responses$/, dialect: responses, kind: 'model' },
    { name: 'messages', method: 'POST', path: /^\/api\/v1\/messages(\/count_tokens)?$/, dialect: anthropic, kind: 'model' },
    { name: 'completions', method: 'POST', path: /^\/api\/v1\/completions$/, dialect: chat, kind: 'model' },
    { name: 'token', method: 'POST', path: /^\/api\/v1\/auth\/keys(\/code)?$/, dialect: chat, kind: 'login' },
    { name: 'models', method: 'GET', path: /^\/api\/v1\/models(\/[\w.:/-]+)?$/, dialect: chat, kind: 'other' },
  ],
  fallback: chat,
  auth: [{ header: 'authorization' }, { header: 'x-api-key' }],
  attests: attestsBilling,
  examples: [
    { method: 'POST', url: 'https://openrouter.ai/api/v1/chat/completions', endpoint: 'chat' },
    { method: 'POST', url: 'https://openrouter.ai/api/v1/responses', endpoint: 'responses' },
    { method: 'POST', url: 'https://openrouter.ai/api/v1/messages', endpoint: 'messages' },
    { method: 'POST', url: 'https://openrouter.ai/api/v1/auth/keys', endpoint: 'token' },
    { method: 'GET', url: 'https://openrouter.ai/api/v1/credits', endpoint: '' },
  ],
};
