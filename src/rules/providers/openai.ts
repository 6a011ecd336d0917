// OpenAI: the API, ChatGPT's backend that codex logs in to, and the login host. codex speaks Responses over WebSocket or SSE.
// `accounts/check` can move a workspace to another origin: everything under chatgpt.com and api.openai.com is on the list already
// (at the price of decrypting codex's metrics at ab.chatgpt.com); any other origin has to be reported, see originsNamed.
import { chat } from '../dialects/chat.ts';
import { responses } from '../dialects/responses.ts';
import { listOf, objectOf } from '../loose-json.ts';
import type { Provider } from '../provider.ts';

/** OpenAI with a key, and ChatGPT accounts by codex. */
export const openai: Provider = {
  name: 'openai',
  hosts: ['api.openai.com', '*.api.openai.com', 'chatgpt.com', '*.chatgpt.com', 'auth.openai.com'],
  endpoints: [
    { name: 'responses', path: /^\/(v1|backend-api\/codex)\/responses(\/[\w-]+){0,2}$/, dialect: responses, kind: 'model' },
    { name: 'chat', path: /^\/v1\/chat\/completions(\/[\w-]+){0,2}$/, dialect: chat, kind: 'model' },
    { name: 'completions', method: 'POST', path: /^\/v1\/completions$/, dialect: chat, kind: 'model' },
    { name: 'embeddings', method: 'POST', path: /^\/v1\/embeddings$/, dialect: chat, kind: 'model' },
    { name: 'token', method: 'POST', path: /^(\/api\/accounts)?\/oauth\/(token|revoke)$/, dialect: responses, kind: 'login' },
    { name: 'device', method: 'POST', path: /^\/api\/accounts\/deviceauth\/(usercode|token)$/, dialect: responses, kind: 'login' },
    {
      name: 'accounts-check',
      method: 'GET',
      path: /^\/(backend-api\/wham|api\/codex)\/accounts\/check$/,
      dialect: responses,
      kind: 'other',
    },
    { name: 'models', method: 'GET', path: /^\/(v1|backend-api\/codex)\/models(\/[\w.:-]+)?$/, dialect: responses, kind: 'other' },
    {
      name: 'telemetry',
      method: 'POST',
      path: /^\/(otlp\/v1\/(metrics|logs|traces)|backend-api\/codex\/analytics-events\/events)$/,
      dialect: responses,
      kind: 'other',
    },
  ],
  fallback: responses,
  auth: [{ header: 'authorization' }],
  examples: [
    { method: 'GET', url: 'https://api.openai.com/v1/responses', endpoint: 'responses' },
    { method: 'POST', url: 'https://eu.api.openai.com/v1/responses/compact', endpoint: 'responses' },
    { method: 'POST', url: 'https://chatgpt.com/backend-api/codex/responses', endpoint: 'responses' },
    { method: 'POST', url: 'https://api.openai.com/v1/chat/completions', endpoint: 'chat' },
    { method: 'POST', url: 'https://auth.openai.com/oauth/token', endpoint: 'token' },
    { method: 'POST', url: 'https://auth.openai.com/api/accounts/deviceauth/usercode', endpoint: 'device' },
    { method: 'GET', url: 'https://chatgpt.com/backend-api/wham/accounts/check', endpoint: 'accounts-check' },
    { method: 'POST', url: 'https://ab.chatgpt.com/otlp/v1/metrics', endpoint: 'telemetry' },
    { method: 'GET', url: 'https://chatgpt.com/backend-api/wham/settings/user', endpoint: '' },
  ],
  originsNamed: { endpoint: 'accounts-check', read: originsNamed },
};

/**
 * The https origins that a reply to codex's `accounts/check` names as places of inference, canonical (`https://host[:port]`), each once.
 * Empty for replies of another shape. The caller compares them with the policy: one that no provider covers
 * would be tunnelled, so it is worth a loud line and an entry in `intercept`.
 */
function originsNamed(replyJson: unknown): string[] {
  const accounts = objectOf(replyJson)?.accounts;
  const entries = Array.isArray(accounts) ? listOf(accounts) : Object.values(objectOf(accounts) ?? {});
  const origins = new Set<string>();
  for (const entry of entries) {
    const account = objectOf(objectOf(entry)?.account) ?? objectOf(entry);
    const origin = account?.workspace_backend_origin;
    // Also `NO_CONSTRAINT`: codex stays where it is.
    if (typeof origin !== 'string' || !URL.canParse(origin)) continue;
    const url = new URL(origin);
    if (url.protocol === 'https:') origins.add(url.origin);
  }
  return [...origins];
}
