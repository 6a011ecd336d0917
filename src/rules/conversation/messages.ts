// Elements of `messages`: Anthropic's, OpenAI's chat and Bedrock's Converse, which tell themselves apart by their members.
// It must not know which provider is spoken to.
import { type LooseObject, listOf, objectOf } from '../loose-json.ts';
import { type ElementReader, type Path, provenanceOf, type Segment, segmentsBelow, type ToolNames } from './segment.ts';

const RESULT = 'tool_result';
/** Blocks that bring what was fetched without a tool's call. */
const FETCHED = new Set(['document', 'search_result']);

/** Reads one message. */
export const readMessage: ElementReader = (message, names) => {
  const out: Segment[] = [];
  const provenance = provenanceOf(message.role);
  for (const call of listOf(message.tool_calls).map(objectOf)) {
    names.set(call?.id, objectOf(call?.function)?.name ?? objectOf(call?.custom)?.name);
  }
  const tool = provenance === 'tool' ? (names.get(message.tool_call_id) ?? nameOf(message.name) ?? 'tool') : undefined;
  if (provenance === 'tool' || typeof message.content === 'string') {
    segmentsBelow(message.content, ['content'], provenance, tool, out);
    return out;
  }
  listOf(message.content).forEach((one, i) => {
    const block = objectOf(one);
    if (block) readBlock(block, ['content', i], provenance, names, out);
  });
  return out;
};

function readBlock(block: LooseObject, path: Path, provenance: 'system' | 'user' | 'assistant', names: ToolNames, out: Segment[]): void {
  const type = typeof block.type === 'string' ? block.type : '';
  const use = objectOf(block.toolUse);
  const result = objectOf(block.toolResult);
  if (use) names.set(use.toolUseId, use.name);
  if (type.endsWith('tool_use')) names.set(block.id, block.name);
  else if (type.endsWith(RESULT)) {
    const own = type === RESULT ? 'tool' : type.slice(0, -'_tool_result'.length);
    segmentsBelow(block.content, [...path, 'content'], 'tool', names.get(block.tool_use_id) ?? own, out);
  } else if (result) segmentsBelow(result.content, [...path, 'toolResult', 'content'], 'tool', names.get(result.toolUseId) ?? 'tool', out);
  else if (FETCHED.has(type)) segmentsBelow(block, path, 'tool', type, out);
  else if (typeof block.text === 'string') out.push({ provenance, tool: undefined, text: block.text, path: [...path, 'text'] });
}

function nameOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
