// Which answer belongs to which request of the fake provider.
import { accountReply } from './accounts.ts';
import { anthropicBody, anthropicEvents, readAnthropic } from './anthropic.ts';
import type { SeenRequest } from './capture.ts';
import { chatBody, chatEvents, readChat } from './chat.ts';
import { geminiReplies, readGemini, routingText } from './gemini.ts';
import { at, list } from './json.ts';
import { type Answer, planAnswer } from './plan.ts';
import type { NamedEvent, Reply } from './reply.ts';
import { fullInput, type ResponsesMemory, readResponses, responsesEvents } from './responses.ts';

/** What the answers depend on besides the request. */
export interface ProviderState {
  readonly memory: ResponsesMemory;
  /** Next number for ids, as text. */
  readonly id: () => string;
  /** Length of one streamed piece. */
  readonly deltaChars: number;
}

/** Whether the request asks a model for an answer. */
export function isModelRequest(request: Pick<SeenRequest, 'method' | 'path'>): boolean {
  return request.method === 'POST' && /\/(messages|responses|chat\/completions)$|enerateContent$/.test(request.path);
}

/** Answers one request. */
export async function answerRequest(request: SeenRequest, reply: Reply, state: ProviderState): Promise<void> {
  const { method, host, path, json } = request;
  if (method === 'POST' && path.endsWith('/messages')) return answerMessages(json, reply, state);
  if (method === 'POST' && path.endsWith('/responses/compact')) return reply.json(200, { output: list(at(json, 'input')) });
  if (method === 'POST' && path.endsWith('/responses')) return answerResponses(json, reply, state);
  if (method === 'POST' && path.endsWith('/chat/completions')) return answerChat(json, reply, state);
  if (path.endsWith('enerateContent')) return answerGemini(json, path, reply, state);
  const account = accountReply(method, host, path);
  if (account !== undefined) return reply.json(200, account);
  reply.json(404, {
    error: { type: 'not_found_error', message: `no such route: ${method} ${host}${path}`, code: 404, status: 'NOT_FOUND' },
  });
}

function answerMessages(body: unknown, reply: Reply, state: ProviderState): Promise<void> | void {
  const answer = planAnswer(readAnthropic(body));
  const headers = ['request-id', `req_${state.id()}`];
  if (at(body, 'stream') !== true) return reply.json(200, anthropicBody(body, answer, state.id), headers);
  return reply.events(anthropicEvents(body, answer, state.id, state.deltaChars), { pauseMs: answer.pauseMs, headers });
}

function answerResponses(body: unknown, reply: Reply, state: ProviderState): Promise<void> | void {
  const { events, answer } = responseEvents(body, state);
  if (at(body, 'stream') !== true) return reply.json(200, at([...events].at(-1)?.data, 'response'));
  return reply.events(events, { pauseMs: answer?.pauseMs ?? 0 });
}

/** The events for a Responses request, as SSE and WebSocket share them. */
export function responseEvents(
  body: unknown,
  state: ProviderState,
): { readonly events: Iterable<NamedEvent>; readonly answer: Answer | undefined } {
  const input = fullInput(body, state.memory);
  const answer = at(body, 'generate') === false ? undefined : planAnswer(readResponses(body, input));
  return { events: responsesEvents(body, input, answer, state.memory, state.id, state.deltaChars), answer };
}

function answerChat(body: unknown, reply: Reply, state: ProviderState): Promise<void> | void {
  const answer = planAnswer(readChat(body));
  if (at(body, 'stream') !== true) return reply.json(200, chatBody(body, answer, state.id));
  return reply.events(chatEvents(body, answer, state.id, state.deltaChars), { pauseMs: answer.pauseMs, last: 'data: [DONE]\n\n' });
}

function answerGemini(body: unknown, path: string, reply: Reply, state: ProviderState): Promise<void> | void {
  const ask = readGemini(body);
  const planned = planAnswer(ask.wantsJson ? { ...ask, tools: [], toolResults: [] } : ask);
  const answer = ask.wantsJson ? { ...planned, text: routingText(planned.text) } : planned;
  const wrapped = path.includes('v1internal');
  if (!path.endsWith(':streamGenerateContent')) return reply.json(200, geminiReplies(answer, wrapped, undefined)[0]!.data);
  return reply.events(geminiReplies(answer, wrapped, state.deltaChars), { pauseMs: answer.pauseMs });
}
