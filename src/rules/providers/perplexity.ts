// Perplexity: chat completions at the root, Responses for agents, and plain search.
// What a search finds is scanned like any other reply without a known body.
import { chat } from '../dialects/chat.ts';
import { opaque } from '../dialects/opaque.ts';
import { responses } from '../dialects/responses.ts';
import type { Provider } from '../provider.ts';

/** Perplexity. */
export const perplexity: Provider = {
  name: 'perplexity',
  hosts: ['api.perplexity.ai'],
  endpoints: [
    { name: 'chat', method: 'POST', path: /^(\/v1)?(\/async)?\/chat\/completions$/, dialect: chat, kind: 'model' },
    { name: 'responses', method: 'POST', path: /^\/v1\/responses$/, dialect: responses, kind: 'model' },
    { name: 'search', method: 'POST', path: /^\/search$/, dialect: opaque, kind: 'model' },
  ],
  fallback: chat,
  auth: [{ header: 'authorization' }],
  examples: [
    { method: 'POST', url: 'https://api.perplexity.ai/chat/completions', endpoint: 'chat' },
    { method: 'POST', url: 'https://api.perplexity.ai/v1/responses', endpoint: 'responses' },
    { method: 'POST', url: 'https://api.perplexity.ai/search', endpoint: 'search' },
    { method: 'GET', url: 'https://api.perplexity.ai/async/chat/completions/example', endpoint: '' },
  ],
};
