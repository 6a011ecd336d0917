// Elements of `contents`: Gemini's, plain and inside Code Assist's `request`. A result names its tool itself.
// It must not know which provider is spoken to.
import { listOf, objectOf } from '../loose-json.ts';
import { type ElementReader, provenanceOf, type Segment, segmentsBelow } from './segment.ts';

/** Reads one content. */
export const readContent: ElementReader = (content) => {
  const out: Segment[] = [];
  const provenance = provenanceOf(content.role);
  const own = provenance === 'tool' ? 'tool' : undefined;
  listOf(content.parts).forEach((one, i) => {
    const part = objectOf(one);
    const path = ['parts', i];
    if (typeof part?.text === 'string') out.push({ provenance, tool: own, text: part.text, path: [...path, 'text'] });
    for (const member of ['functionResponse', 'function_response']) {
      const result = objectOf(part?.[member]);
      const tool = typeof result?.name === 'string' ? result.name : 'tool';
      if (result) segmentsBelow(result.response, [...path, member, 'response'], 'tool', tool, out);
    }
    const run = objectOf(part?.codeExecutionResult);
    if (run) segmentsBelow(run.output, [...path, 'codeExecutionResult', 'output'], 'tool', 'code_execution', out);
  });
  return out;
};
