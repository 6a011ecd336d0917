// Alibaba Cloud Model Studio, where Qwen Code sends its work: OpenAI's and Anthropic's shapes under paths of its own.
// It must not know which of the two a user has chosen: the path says so.
import { anthropic } from '../dialects/anthropic.ts';
import { chat } from '../dialects/chat.ts';
import { opaque } from '../dialects/opaque.ts';
import { responses } from '../dialects/responses.ts';
import type { Provider } from '../provider.ts';

/** Qwen models on DashScope and the Qwen portal. */
export const alibaba: Provider = {
  name: 'alibaba',
  hosts: ['dashscope.aliyuncs.com', 'dashscope-intl.aliyuncs.com', 'dashscope-us.aliyuncs.com', 'portal.qwen.ai'],
  endpoints: [
    { name: 'chat', method: 'POST', path: /^(\/compatible-mode)?\/v1\/chat\/completions$/, dialect: chat, kind: 'model' },
    { name: 'responses', method: 'POST', path: /^\/compatible-mode\/v1\/responses$/, dialect: responses, kind: 'model' },
    { name: 'messages', method: 'POST', path: /^\/apps\/anthropic\/v1\/messages$/, dialect: anthropic, kind: 'model' },
    { name: 'generation', method: 'POST', path: /^\/api\/v1\/services\/aigc\/[\w-]+\/generation$/, dialect: opaque, kind: 'model' },
    { name: 'models', method: 'GET', path: /^\/compatible-mode\/v1\/models(\/[\w.:-]+)?$/, dialect: chat, kind: 'other' },
  ],
  fallback: chat,
  auth: [{ header: 'authorization' }, { header: 'x-api-key' }],
  examples: [
    { method: 'POST', url: 'https://dashscope.aliyuncs.com/compatible-mode/v1/chat/completions', endpoint: 'chat' },
    { method: 'POST', url: 'https://portal.qwen.ai/v1/chat/completions', endpoint: 'chat' },
    { method: 'POST', url: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1/responses', endpoint: 'responses' },
    { method: 'POST', url: 'https://dashscope-intl.aliyuncs.com/apps/anthropic/v1/messages', endpoint: 'messages' },
    { method: 'POST', url: 'https://dashscope.aliyuncs.com/api/v1/services/aigc/text-generation/generation', endpoint: 'generation' },
    { method: 'GET', url: 'https://dashscope.aliyuncs.com/compatible-mode/v1/models', endpoint: 'models' },
    { method: 'POST', url: 'https://dashscope.aliyuncs.com/api/v1/uploads', endpoint: '' },
  ],
};
