// Anthropic: the Messages API, and the hosts Claude Code refreshes its login at. It has sent such a refresh as absolute-form
// https, so that plaintext may be in our hands anyway; as login calls their bodies are never touched.
import { attestsBilling } from '../attestation.ts';
import { anthropic as messages } from '../dialects/anthropic.ts';
import type { Provider } from '../provider.ts';

/** Claude by Anthropic, as claude-code, opencode and pi use it. */
export const anthropic: Provider = {
  name: 'anthropic',
  hosts: ['api.anthropic.com', 'console.anthropic.com', 'platform.claude.com'],
  endpoints: [
    { name: 'messages', method: 'POST', path: /^\/v1\/messages$/, dialect: messages, kind: 'model' },
    { name: 'count-tokens', method: 'POST', path: /^\/v1\/messages\/count_tokens$/, dialect: messages, kind: 'model' },
    { name: 'batches', path: /^\/v1\/messages\/batches(\/[\w-]+){0,2}$/, dialect: messages, kind: 'model' },
    { name: 'complete', method: 'POST', path: /^\/v1\/complete$/, dialect: messages, kind: 'model' },
    { name: 'token', method: 'POST', path: /^\/v1\/oauth\/(token|revoke|device_authorization)$/, dialect: messages, kind: 'login' },
    { name: 'models', method: 'GET', path: /^\/v1\/models(\/[\w.-]+)?$/, dialect: messages, kind: 'other' },
    { name: 'telemetry', method: 'POST', path: /^\/api\/event_logging(\/v\d)?\/batch$/, dialect: messages, kind: 'other' },
  ],
  fallback: messages,
  auth: [{ header: 'x-api-key' }, { header: 'authorization' }],
  attests: attestsBilling,
  examples: [
    { method: 'POST', url: 'https://api.anthropic.com/v1/messages?beta=true', endpoint: 'messages' },
    { method: 'POST', url: 'https://api.anthropic.com/v1/messages/count_tokens?beta=true', endpoint: 'count-tokens' },
    { method: 'POST', url: 'https://platform.claude.com/v1/oauth/token', endpoint: 'token' },
    { method: 'POST', url: 'https://console.anthropic.com/v1/oauth/token', endpoint: 'token' },
    { method: 'POST', url: 'https://api.anthropic.com/api/event_logging/v2/batch', endpoint: 'telemetry' },
    { method: 'GET', url: 'https://api.anthropic.com/api/claude_code/settings', endpoint: '' },
  ],
};
