// Requests in each dialect that make the fake provider call a tool, and the arguments as a client of that dialect reads them.
import { readAnthropicEvents } from './provider/anthropic.ts';
import { readChatEvents } from './provider/chat.ts';
import { readGeminiEvents } from './provider/gemini.ts';
import { readResponsesEvents } from './provider/responses.ts';
import type { ReadReply } from './world.ts';

/** One dialect. The tools offered are WebFetch and Bash. */
export interface ToolCase {
  readonly host: string;
  readonly path: (stream: boolean) => string;
  readonly body: (text: string, stream: boolean) => object;
  readonly args: (reply: ReadReply, stream: boolean) => string[];
}

/** By name of the dialect. */
export const TOOL_CASES: Readonly<Record<string, ToolCase>> = {
  Anthropic: {
    host: 'api.anthropic.com',
    path: () => '/v1/messages',
    body: (content, stream) => ({ stream, tools: [{ name: 'WebFetch' }, { name: 'Bash' }], messages: [{ role: 'user', content }] }),
    args: (reply, stream) => (stream ? readAnthropicEvents(reply.events).calls.map((call) => JSON.stringify(call)) : [reply.text]),
  },
  Responses: {
    host: 'api.openai.com',
    path: () => '/v1/responses',
    body: (text, stream) => ({
      stream,
      tools: [
        { type: 'function', name: 'WebFetch' },
        { type: 'function', name: 'Bash' },
      ],
      input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text }] }],
    }),
    args: (reply, stream) => (stream ? Object.values(readResponsesEvents(reply.events)) : [reply.text]),
  },
  Chat: {
    host: 'openrouter.ai',
    path: () => '/api/v1/chat/completions',
    body: (content, stream) => ({
      stream,
      tools: ['WebFetch', 'Bash'].map((name) => ({ type: 'function', function: { name } })),
      messages: [{ role: 'user', content }],
    }),
    args: (reply, stream) => [stream ? readChatEvents(reply.events).arguments : reply.text],
  },
  Gemini: {
    host: 'generativelanguage.googleapis.com',
    path: (stream) => `/v1beta/models/m:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    body: (text) => ({
      tools: [{ functionDeclarations: [{ name: 'WebFetch' }, { name: 'Bash' }] }],
      contents: [{ role: 'user', parts: [{ text }] }],
    }),
    args: (reply, stream) => (stream ? readGeminiEvents(reply.events).calls.map((call) => JSON.stringify(call)) : [reply.text]),
  },
};
