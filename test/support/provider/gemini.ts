// Gemini generateContent, and Code Assist, which wraps the same in `request` and `response`.
import { at, list, text } from './json.ts';
import { type Answer, type Ask, lastWords, pieces, THOUGHT } from './plan.ts';
import type { NamedEvent } from './reply.ts';

/** Reads a generateContent body, wrapped or not. `wantsJson`: the caller asked for a JSON document (a routing question). */
export function readGemini(body: unknown): Ask & { readonly wantsJson: boolean } {
  const inner = at(body, 'request') ?? body;
  let words = '';
  const toolResults: string[] = [];
  const contents = list(at(inner, 'contents')).filter((c) => (at(c, 'role') ?? 'user') === 'user');
  for (let i = contents.length - 1; i >= 0 && words === ''; i--) {
    const parts = list(at(contents[i], 'parts'));
    const results = parts.filter((p) => at(p, 'functionResponse') !== undefined);
    if (results.length > 0) toolResults.unshift(...results.map((p) => JSON.stringify(at(p, 'functionResponse', 'response'))));
    else words = lastWords(parts.map((p) => text(at(p, 'text'))));
  }
  const config = at(inner, 'generationConfig');
  return {
    words,
    toolResults,
    tools: list(at(inner, 'tools')).flatMap((t) => list(at(t, 'functionDeclarations')).map((f) => text(at(f, 'name')))),
    wantsJson: at(config, 'responseMimeType') === 'application/json' || at(config, 'responseJsonSchema') !== undefined,
  };
}

/** The text for a routing question: a document with every field gemini-cli has asked for. */
export function routingText(echo: string): string {
  return JSON.stringify({
    reasoning: 'test',
    next_speaker: 'user',
    complexity_score: 10,
    complexity_reasoning: 'test',
    model_choice: 'flash',
    echo,
  });
}

/** The answer as one body (`size` undefined) or as stream events. */
export function geminiReplies(answer: Answer, wrapped: boolean, size: number | undefined): NamedEvent[] {
  const parts: object[] = answer.think ? [{ thought: true, text: THOUGHT }] : [];
  if (answer.call) {
    const signature = answer.think ? { thoughtSignature: Buffer.from('test-thought-signature').toString('base64') } : {};
    parts.push({ functionCall: { name: answer.call.name, args: answer.call.args }, ...signature });
  } else {
    parts.push(...(size === undefined ? [answer.text] : pieces(answer.text, size)).map((t) => ({ text: t })));
  }
  const reply = (some: readonly object[], last: boolean) => {
    const candidate = { content: { role: 'model', parts: some }, index: 0, ...(last ? { finishReason: 'STOP' } : {}) };
    const usageMetadata = { promptTokenCount: 11, candidatesTokenCount: 22, totalTokenCount: 33 };
    const body = { candidates: [candidate], usageMetadata, modelVersion: 'fake', responseId: 'fake' };
    return { name: undefined, data: wrapped ? { response: body, traceId: 'fake' } : body };
  };
  if (size === undefined) return [reply(parts, true)];
  return parts.map((part, i) => reply([part], i === parts.length - 1));
}

/** The text and the function calls that these replies say. */
export function readGeminiEvents(events: readonly unknown[]): { readonly text: string; readonly calls: readonly unknown[] } {
  const parts = events.flatMap((e) => list(at(at(e, 'response') ?? e, 'candidates'))).flatMap((c) => list(at(c, 'content', 'parts')));
  return {
    text: parts.map((p) => text(at(p, 'text'))).join(''),
    calls: parts.map((p) => at(p, 'functionCall')).filter((c) => c !== undefined),
  };
}
