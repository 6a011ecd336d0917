// Mistral: chat completions, fill-in-the-middle for code, and conversations of its own shape.
// Its chat streams content as lists of parts too; the chat dialect knows that, this file only says where it is spoken.
import { chat } from '../dialects/chat.ts';
import { opaque } from '../dialects/opaque.ts';
import type { Provider } from '../provider.ts';

/** Mistral and Codestral. */
export const mistral: Provider = {
  name: 'mistral',
  semconvName: 'mistral_ai',
  hosts: ['api.mistral.ai', 'codestral.mistral.ai'],
  endpoints: [
    { name: 'chat', method: 'POST', path: /^\/v1\/(chat|fim|agents)\/completions$/, dialect: chat, kind: 'model' },
    { name: 'conversations', path: /^\/v1\/conversations(\/[\w-]+){0,2}$/, dialect: opaque, kind: 'model' },
    { name: 'models', method: 'GET', path: /^\/v1\/models(\/[\w.:-]+)?$/, dialect: chat, kind: 'other' },
  ],
  fallback: chat,
  auth: [{ header: 'authorization' }, { header: 'x-api-key' }],
  examples: [
    { method: 'POST', url: 'https://api.mistral.ai/v1/chat/completions', endpoint: 'chat' },
    { method: 'POST', url: 'https://codestral.mistral.ai/v1/fim/completions', endpoint: 'chat' },
    { method: 'POST', url: 'https://api.mistral.ai/v1/conversations', endpoint: 'conversations' },
    { method: 'POST', url: 'https://api.mistral.ai/v1/ocr', endpoint: '' },
  ],
};
