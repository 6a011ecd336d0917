// GitHub Copilot: one host, three dialects by model, plus MCP and agents. api.github.com stays a tunnel although the Copilot
// token is fetched there: it carries all of GitHub, and what we do not guard we do not decrypt.
import { attestsBilling } from '../attestation.ts';
import { anthropic } from '../dialects/anthropic.ts';
import { chat } from '../dialects/chat.ts';
import { opaque } from '../dialects/opaque.ts';
import { responses } from '../dialects/responses.ts';
import type { Provider } from '../provider.ts';

/** GitHub Copilot. */
export const githubCopilot: Provider = {
  name: 'github-copilot',
  // Any depth: api.githubcopilot.com, and api.individual, .business and .enterprise below it.
  hosts: ['*.githubcopilot.com'],
  endpoints: [
    { name: 'responses', path: /^(\/v1)?\/responses$/, dialect: responses, kind: 'model' },
    { name: 'messages', method: 'POST', path: /^\/v1\/messages(\/count_tokens)?$/, dialect: anthropic, kind: 'model' },
    { name: 'chat', method: 'POST', path: /^(\/v1)?\/chat\/completions$/, dialect: chat, kind: 'model' },
    { name: 'completions', method: 'POST', path: /^\/v1\/engines\/[\w.-]+\/completions$/, dialect: chat, kind: 'model' },
    { name: 'embeddings', method: 'POST', path: /^(\/v1)?\/embeddings$/, dialect: chat, kind: 'model' },
    { name: 'mcp', path: /^\/mcp(\/[\w-]+)*$/, dialect: opaque, kind: 'other' },
    { name: 'models', method: 'GET', path: /^\/models(\/[\w.-]+)?$/, dialect: chat, kind: 'other' },
  ],
  fallback: chat,
  auth: [{ header: 'authorization' }],
  attests: attestsBilling,
  examples: [
    { method: 'POST', url: 'https://api.githubcopilot.com/responses', endpoint: 'responses' },
    { method: 'POST', url: 'https://api.business.githubcopilot.com/v1/messages', endpoint: 'messages' },
    { method: 'POST', url: 'https://api.individual.githubcopilot.com/chat/completions', endpoint: 'chat' },
    { method: 'POST', url: 'https://api.githubcopilot.com/mcp/readonly', endpoint: 'mcp' },
    { method: 'GET', url: 'https://api.githubcopilot.com/models', endpoint: 'models' },
    { method: 'GET', url: 'https://api.githubcopilot.com/agents/swe/custom-agents/example/repo', endpoint: '' },
  ],
};
