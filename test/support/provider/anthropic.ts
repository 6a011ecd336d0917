// Anthropic Messages: reads the question out of a request body and gives the answer as events or as one body.
import { at, list, text, tryParse } from './json.ts';
import { type Answer, type Ask, lastWords, pieces, SIGNATURE, THOUGHT } from './plan.ts';
import type { NamedEvent } from './reply.ts';

function partText(part: unknown): string {
  return typeof part === 'string' ? part : text(at(part, 'text'));
}

function contentText(content: unknown): string {
  return typeof content === 'string' ? content : list(content).map(partText).join('');
}

/** Reads a Messages body. */
export function readAnthropic(body: unknown): Ask {
  const messages = list(at(body, 'messages')).filter((m) => at(m, 'role') === 'user');
  const parts = (m: unknown) => (typeof at(m, 'content') === 'string' ? [at(m, 'content')] : list(at(m, 'content')));
  const toolResults: string[] = [];
  for (let i = messages.length - 1; i >= 0; i--) {
    const results = parts(messages[i]).filter((p) => at(p, 'type') === 'tool_result');
    if (results.length === 0) break;
    toolResults.unshift(...results.map((p) => contentText(at(p, 'content'))));
  }
  return {
    words: lastWords(
      messages
        .flatMap(parts)
        .filter((p) => typeof p === 'string' || at(p, 'type') === 'text')
        .map(partText),
    ),
    toolResults,
    tools: list(at(body, 'tools')).map((t) => text(at(t, 'name'))),
  };
}

/** Whole blocks of the answer. */
function blocks(answer: Answer, id: () => string): Record<string, unknown>[] {
  const out: Record<string, unknown>[] = [];
  if (answer.think) out.push({ type: 'thinking', thinking: THOUGHT, signature: SIGNATURE });
  if (answer.call) out.push({ type: 'tool_use', id: `toolu_${id()}`, name: answer.call.name, input: answer.call.args });
  else out.push({ type: 'text', text: answer.text });
  return out;
}

const USAGE = { input_tokens: 11, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 22 };

function message(body: unknown, id: () => string): Record<string, unknown> {
  return {
    id: `msg_${id()}`,
    type: 'message',
    role: 'assistant',
    model: at(body, 'model') ?? 'fake',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { ...USAGE, output_tokens: 1 },
  };
}

/** The answer as a JSON body. */
export function anthropicBody(body: unknown, answer: Answer, id: () => string): unknown {
  return { ...message(body, id), content: blocks(answer, id), stop_reason: answer.call ? 'tool_use' : 'end_turn', usage: USAGE };
}

/** The answer as a stream. */
export function* anthropicEvents(body: unknown, answer: Answer, id: () => string, size: number): Generator<NamedEvent> {
  const event = (data: { readonly type: string } & Record<string, unknown>): NamedEvent => ({ name: data.type, data });
  yield event({ type: 'message_start', message: message(body, id) });
  let index = 0;
  for (const block of blocks(answer, id)) {
    const empty =
      block.type === 'text'
        ? { type: 'text', text: '' }
        : block.type === 'thinking'
          ? { type: 'thinking', thinking: '', signature: '' }
          : { ...block, input: {} };
    yield event({ type: 'content_block_start', index, content_block: empty });
    if (index === 0) yield event({ type: 'ping' });
    for (const delta of deltas(block, size)) yield event({ type: 'content_block_delta', index, delta });
    yield event({ type: 'content_block_stop', index });
    index++;
  }
  const stop = { stop_reason: answer.call ? 'tool_use' : 'end_turn', stop_sequence: null };
  yield event({ type: 'message_delta', delta: stop, usage: USAGE });
  yield event({ type: 'message_stop' });
}

function deltas(block: Record<string, unknown>, size: number): unknown[] {
  if (block.type === 'text') return pieces(text(block.text), size).map((t) => ({ type: 'text_delta', text: t }));
  if (block.type === 'tool_use')
    return pieces(JSON.stringify(block.input), size).map((t) => ({ type: 'input_json_delta', partial_json: t }));
  return [
    { type: 'thinking_delta', thinking: block.thinking },
    { type: 'signature_delta', signature: block.signature },
  ];
}

/** The text and tool calls that a client would show after reading these events: what the stream says in the end. */
export function readAnthropicEvents(events: readonly unknown[]): { readonly text: string; readonly calls: readonly unknown[] } {
  const out: string[] = [];
  const json = new Map<unknown, string>();
  for (const e of events) {
    const delta = at(e, 'delta');
    if (at(delta, 'type') === 'text_delta') out.push(text(at(delta, 'text')));
    if (at(delta, 'type') === 'input_json_delta')
      json.set(at(e, 'index'), (json.get(at(e, 'index')) ?? '') + text(at(delta, 'partial_json')));
  }
  return { text: out.join(''), calls: [...json.values()].map((j) => tryParse(j)) };
}
