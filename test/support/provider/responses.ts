// OpenAI Responses: the same list of events goes out as SSE or as WebSocket messages; all kinds of «done» events carry
// the whole text, since each CLI believes a different one. Remembers conversations for previous_response_id.
import { at, list, text } from './json.ts';
import { type Answer, type Ask, ownWords, pieces, THOUGHT } from './plan.ts';
import type { NamedEvent } from './reply.ts';

/** Input items by response id. */
export type ResponsesMemory = Map<string, readonly unknown[]>;

function contentText(content: unknown): string {
  return typeof content === 'string'
    ? content
    : list(content)
        .map((p) => text(at(p, 'text')))
        .join('');
}

/** Input of this request with what the memory holds for its previous_response_id in front. */
export function fullInput(body: unknown, memory: ResponsesMemory): readonly unknown[] {
  const input = at(body, 'input');
  const items = typeof input === 'string' ? [{ type: 'message', role: 'user', content: input }] : list(input);
  return [...(memory.get(text(at(body, 'previous_response_id'))) ?? []), ...items];
}

/** Reads a request whose input is `input`. */
export function readResponses(body: unknown, input: readonly unknown[]): Ask {
  let words = '';
  const toolResults: string[] = [];
  for (let i = input.length - 1; i >= 0 && words === ''; i--) {
    const item = input[i];
    if (text(at(item, 'type')).endsWith('_output')) toolResults.unshift(contentText(at(item, 'output')));
    if (at(item, 'role') === 'user') words = ownWords(contentText(at(item, 'content')));
  }
  const toolLists = [at(body, 'tools'), ...input.map((item) => at(item, 'tools'))];
  return { words, toolResults, tools: toolLists.flatMap(toolNames) };
}

// codex 0.169.0 groups its tools in namespaces.
function toolNames(tools: unknown): string[] {
  return list(tools).flatMap((t) => [text(at(t, 'name')) || text(at(t, 'type')), ...toolNames(at(t, 'tools'))]);
}

function outputItems(answer: Answer, id: () => string): Record<string, unknown>[] {
  const out: Record<string, unknown>[] = [];
  if (answer.think) {
    const encrypted_content = Buffer.from('test-encrypted-'.repeat(6)).toString('base64');
    out.push({ id: `rs_${id()}`, type: 'reasoning', summary: [{ type: 'summary_text', text: THOUGHT }], encrypted_content });
  }
  const call = answer.call && { status: 'completed', name: answer.call.name, call_id: `call_${id()}` };
  if (answer.call?.plain !== undefined) out.push({ id: `ctc_${id()}`, type: 'custom_tool_call', ...call, input: answer.call.plain });
  else if (answer.call) out.push({ id: `fc_${id()}`, type: 'function_call', ...call, arguments: JSON.stringify(answer.call.args) });
  else
    out.push({
      id: `msg_${id()}`,
      type: 'message',
      status: 'completed',
      role: 'assistant',
      content: [{ type: 'output_text', text: answer.text, annotations: [] }],
    });
  return out;
}

/** The whole exchange as events; the last one holds the finished response. `answer` undefined: a warm-up that generates nothing. */
export function* responsesEvents(
  body: unknown,
  input: readonly unknown[],
  answer: Answer | undefined,
  memory: ResponsesMemory,
  id: () => string,
  size: number,
): Generator<NamedEvent> {
  const responseId = `resp_${id()}`;
  let sequence = 0;
  const event = (type: string, more: object): NamedEvent => ({ name: type, data: { type, sequence_number: sequence++, ...more } });
  const response = {
    id: responseId,
    object: 'response',
    created_at: Math.floor(Date.now() / 1000),
    status: 'in_progress',
    model: at(body, 'model') ?? 'fake',
    output: [] as unknown[],
    error: null,
    incomplete_details: null,
    instructions: null,
    metadata: {},
    parallel_tool_calls: true,
    temperature: 1,
    top_p: 1,
    tool_choice: 'auto',
    tools: [],
    usage: null,
  };
  yield event('response.created', { response });
  yield event('response.in_progress', { response });
  const output = answer ? outputItems(answer, id) : [];
  for (const [index, item] of output.entries()) yield* itemEvents(item, index, event, size);
  memory.set(responseId, [...input, ...output]);
  const usage = {
    input_tokens: 11,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: 22,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 33,
  };
  yield event('response.completed', { response: { ...response, status: 'completed', output, usage } });
}

function* itemEvents(
  item: Record<string, unknown>,
  index: number,
  event: (type: string, more: object) => NamedEvent,
  size: number,
): Generator<NamedEvent> {
  const place = { item_id: item.id, output_index: index };
  const running = { ...item, status: 'in_progress' };
  if (item.type === 'message') {
    const part = list(item.content)[0];
    const whole = text(at(part, 'text'));
    yield event('response.output_item.added', { output_index: index, item: { ...running, content: [] } });
    yield event('response.content_part.added', { ...place, content_index: 0, part: { type: 'output_text', text: '', annotations: [] } });
    for (const delta of pieces(whole, size)) yield event('response.output_text.delta', { ...place, content_index: 0, delta });
    yield event('response.output_text.done', { ...place, content_index: 0, text: whole });
    yield event('response.content_part.done', { ...place, content_index: 0, part });
  } else if (item.type === 'function_call') {
    yield event('response.output_item.added', { output_index: index, item: { ...running, arguments: '' } });
    for (const delta of pieces(text(item.arguments), size)) yield event('response.function_call_arguments.delta', { ...place, delta });
    yield event('response.function_call_arguments.done', { ...place, arguments: item.arguments });
  } else if (item.type === 'custom_tool_call') {
    yield event('response.output_item.added', { output_index: index, item: { ...running, input: '' } });
    for (const delta of pieces(text(item.input), size)) yield event('response.custom_tool_call_input.delta', { ...place, delta });
    yield event('response.custom_tool_call_input.done', { ...place, input: item.input });
  } else {
    yield event('response.output_item.added', { output_index: index, item: { ...item, summary: [] } });
  }
  yield event('response.output_item.done', { output_index: index, item });
}

/** What each kind of event says the text and the tool arguments were; all must agree. Keys are event types. */
export function readResponsesEvents(events: readonly unknown[]): Readonly<Record<string, string>> {
  const out: Record<string, string> = {};
  const add = (key: string, piece: string) => {
    out[key] = (out[key] ?? '') + piece;
  };
  const itemText = (item: unknown) => contentText(at(item, 'content')) || text(at(item, 'arguments')) || text(at(item, 'input'));
  for (const e of events) {
    const type = text(at(e, 'type'));
    if (type.endsWith('.delta')) add(type, text(at(e, 'delta')));
    else if (type === 'response.output_item.done') add(type, itemText(at(e, 'item')));
    else if (type === 'response.content_part.done') add(type, text(at(e, 'part', 'text')));
    else if (type === 'response.completed')
      add(
        type,
        list(at(e, 'response', 'output'))
          .map(itemText)
          .join(''),
      );
    else if (type.endsWith('.done')) add(type, text(at(e, 'text')) || text(at(e, 'arguments')) || text(at(e, 'input')));
  }
  return out;
}
