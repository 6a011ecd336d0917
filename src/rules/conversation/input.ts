// Elements of `input`: items of OpenAI Responses, over HTTP and WebSocket. A call names its tool, and its output comes in an item
// of its own or in the same one. It must not know which provider is spoken to.
import { objectOf } from '../loose-json.ts';
import { type ElementReader, provenanceOf, type Segment, segmentsBelow } from './segment.ts';

const CALL = '_call';
const OUTPUT = '_call_output';
/** Where a call that the provider itself answered holds what came of it. */
const RESULTS = ['output', 'outputs', 'results', 'error'];

/** Reads one item. */
export const readItem: ElementReader = (item, names) => {
  const out: Segment[] = [];
  const type = typeof item.type === 'string' ? item.type : '';
  if (type.endsWith(OUTPUT)) {
    segmentsBelow(item.output, ['output'], 'tool', names.get(item.call_id) ?? type.slice(0, -OUTPUT.length), out);
  } else if (type.endsWith(CALL)) {
    const name = typeof item.name === 'string' ? item.name : type.slice(0, -CALL.length);
    names.set(item.call_id ?? item.id, name);
    for (const member of RESULTS) segmentsBelow(item[member], [member], 'tool', name, out);
  } else if (type === 'message' || item.role !== undefined) {
    const provenance = provenanceOf(item.role);
    const tool = provenance === 'tool' ? 'tool' : undefined;
    segmentsBelow(objectOf(item.content) ? undefined : item.content, ['content'], provenance, tool, out);
  }
  return out;
};
