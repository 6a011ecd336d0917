// OpenAI Chat Completions: reads the question out of a request body and gives the answer as chunks or as one body.
import { at, list, text } from './json.ts';
import { type Answer, type Ask, ownWords, pieces } from './plan.ts';
import type { NamedEvent } from './reply.ts';

function contentText(content: unknown): string {
  return typeof content === 'string'
    ? content
    : list(content)
        .map((p) => text(at(p, 'text')))
        .join('\n');
}

/** Reads a Chat Completions body. */
export function readChat(body: unknown): Ask {
  const messages = list(at(body, 'messages'));
  let words = '';
  const toolResults: string[] = [];
  for (let i = messages.length - 1; i >= 0 && words === ''; i--) {
    const content = contentText(at(messages[i], 'content'));
    if (at(messages[i], 'role') === 'tool') toolResults.unshift(content);
    if (at(messages[i], 'role') === 'user') words = ownWords(content);
  }
  return { words, toolResults, tools: list(at(body, 'tools')).map((t) => text(at(t, 'function', 'name'))) };
}

const USAGE = { prompt_tokens: 11, completion_tokens: 22, total_tokens: 33 };

function toolCall(answer: Answer, id: () => string): Record<string, unknown> | undefined {
  if (!answer.call) return undefined;
  return {
    id: `call_${id()}`,
    type: 'function',
    function: { name: answer.call.name, arguments: answer.call.plain ?? JSON.stringify(answer.call.args) },
  };
}

/** The answer as a JSON body. */
export function chatBody(body: unknown, answer: Answer, id: () => string): unknown {
  const call = toolCall(answer, id);
  const message = { role: 'assistant', content: call ? null : answer.text, ...(call ? { tool_calls: [call] } : {}) };
  const choices = [{ index: 0, message, finish_reason: call ? 'tool_calls' : 'stop' }];
  return {
    id: `chatcmpl_${id()}`,
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1000),
    model: at(body, 'model') ?? 'fake',
    choices,
    usage: USAGE,
  };
}

/** The answer as a stream; the closing `[DONE]` is the caller's. */
export function* chatEvents(body: unknown, answer: Answer, id: () => string, size: number): Generator<NamedEvent> {
  const base = {
    id: `chatcmpl_${id()}`,
    object: 'chat.completion.chunk',
    created: Math.floor(Date.now() / 1000),
    model: at(body, 'model') ?? 'fake',
  };
  const chunk = (delta: object, finish: string | null = null, more: object = {}): NamedEvent => ({
    name: undefined,
    data: { ...base, choices: [{ index: 0, delta, finish_reason: finish }], ...more },
  });
  yield chunk({ role: 'assistant', content: '' });
  const call = toolCall(answer, id);
  if (call) {
    yield chunk({ tool_calls: [{ index: 0, ...call, function: { name: at(call, 'function', 'name'), arguments: '' } }] });
    for (const part of pieces(text(at(call, 'function', 'arguments')), size))
      yield chunk({ tool_calls: [{ index: 0, function: { arguments: part } }] });
  } else {
    for (const content of pieces(answer.text, size)) yield chunk({ content });
  }
  yield chunk({}, call ? 'tool_calls' : 'stop', { usage: USAGE });
}

/** The text and the joined tool arguments that these chunks say. */
export function readChatEvents(events: readonly unknown[]): { readonly text: string; readonly arguments: string } {
  const deltas = events.flatMap((e) => list(at(e, 'choices'))).map((c) => at(c, 'delta'));
  const calls = deltas.flatMap((d) => list(at(d, 'tool_calls')));
  return {
    text: deltas.map((d) => text(at(d, 'content'))).join(''),
    arguments: calls.map((c) => text(at(c, 'function', 'arguments'))).join(''),
  };
}
