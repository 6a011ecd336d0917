// Google's Gemini API and Code Assist (gemini-cli with a Google account). oauth2.googleapis.com stays a tunnel: it serves every
// Google login of this machine, not only this one.
import { chat } from '../dialects/chat.ts';
import { gemini } from '../dialects/gemini.ts';
import type { Provider } from '../provider.ts';

/** Gemini with a key, and Code Assist with a Google account. */
export const google: Provider = {
  name: 'google',
  semconvName: 'gcp.gemini',
  hosts: ['generativelanguage.googleapis.com', 'cloudcode-pa.googleapis.com'],
  endpoints: [
    {
      name: 'generate',
      method: 'POST',
      path: /^\/v1(alpha|beta)?\/(models|tunedModels)\/[\w.-]+:(generateContent|streamGenerateContent)$/,
      dialect: gemini,
      kind: 'model',
    },
    {
      name: 'code-assist',
      method: 'POST',
      path: /^\/v1internal:(generateContent|streamGenerateContent|countTokens)$/,
      dialect: gemini,
      kind: 'model',
    },
    { name: 'chat', method: 'POST', path: /^\/v1(beta)?\/openai\/chat\/completions$/, dialect: chat, kind: 'model' },
    {
      name: 'count-tokens',
      method: 'POST',
      path: /^\/v1(alpha|beta)?\/models\/[\w.-]+:(countTokens|embedContent|batchEmbedContents)$/,
      dialect: gemini,
      kind: 'model',
    },
    { name: 'account', method: 'POST', path: /^\/v1internal:\w+$/, dialect: gemini, kind: 'other' },
    { name: 'models', method: 'GET', path: /^\/v1(alpha|beta)?\/models(\/[\w.-]+)?$/, dialect: gemini, kind: 'other' },
  ],
  fallback: gemini,
  auth: [{ header: 'x-goog-api-key' }, { header: 'authorization' }, { query: 'key' }],
  examples: [
    {
      method: 'POST',
      url: 'https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse',
      endpoint: 'generate',
    },
    { method: 'POST', url: 'https://cloudcode-pa.googleapis.com/v1internal:streamGenerateContent?alt=sse', endpoint: 'code-assist' },
    { method: 'POST', url: 'https://cloudcode-pa.googleapis.com/v1internal:loadCodeAssist', endpoint: 'account' },
    { method: 'POST', url: 'https://generativelanguage.googleapis.com/v1beta/openai/chat/completions', endpoint: 'chat' },
    { method: 'GET', url: 'https://generativelanguage.googleapis.com/v1beta/models?pageSize=50', endpoint: 'models' },
    { method: 'POST', url: 'https://generativelanguage.googleapis.com/upload/v1beta/files', endpoint: '' },
  ],
};
