// What the fake provider answers: a pure function of what was asked. The reply echoes the last words of the user; a
// directive in them makes it call a tool first and then echo the tool's result; of several, one after the other.
//   [[call NAME ARGS]]   call that tool; ARGS is JSON, or plain text for a Responses custom tool; <<RESULTS>> in a string of it stands for
//                        what the tools before it gave
//   [[think]]            a thinking block with a signature goes first
//   [[pause MS]]         that pause between two pieces of the stream
import { tryParse } from './json.ts';

/** A request for a model's answer, whatever dialect it came in. */
export interface Ask {
  /** The user's last own words; blocks that the CLI put around them are taken off. */
  readonly words: string;
  /** Text of each tool result that came after those words, in order. */
  readonly toolResults: readonly string[];
  /** Names of the tools offered. */
  readonly tools: readonly string[];
}

/** The answer to give. */
export interface Answer {
  readonly think: boolean;
  readonly pauseMs: number;
  /** Set when the answer is text. */
  readonly text: string;
  readonly call:
    | { readonly name: string; readonly args: unknown /** ARGS as written, when it was not JSON. */; readonly plain: string | undefined }
    | undefined;
}

export const THOUGHT = 'a test thought';
export const SIGNATURE = Buffer.from('test-signature-'.repeat(6)).toString('base64');

const LIMIT = 4_000;

/** Decides the answer. */
export function planAnswer(ask: Ask): Answer {
  const pauseMs = Number(/\[\[pause (\d+)\]\]/.exec(ask.words)?.[1] ?? 0);
  const think = ask.words.includes('[[think]]');
  const last = ask.toolResults.at(-1);
  const m = [...ask.words.matchAll(/\[\[call ([\w.-]+) ([\s\S]+?)\]\]/g)][ask.toolResults.length];
  if (m && ask.tools.includes(m[1]!)) {
    const written = m[2]!.replaceAll('<<RESULTS>>', () => JSON.stringify(ask.toolResults.join('\n')).slice(1, -1));
    const args = tryParse(written);
    return { think, pauseMs, text: '', call: { name: m[1]!, args: args ?? {}, plain: args === undefined ? written : undefined } };
  }
  const text = last === undefined ? `ECHO<${ask.words.slice(0, LIMIT)}> END` : `RESULT<${last.slice(0, LIMIT)}> END`;
  return { think, pauseMs, text, call: undefined };
}

/** Cuts text into pieces of `size` UTF-16 units; never empty. */
export function pieces(text: string, size: number): string[] {
  const out: string[] = [];
  for (let i = 0; i < text.length; i += size) out.push(text.slice(i, i + size));
  return out.length > 0 ? out : [''];
}

/** What is left of a user text without the `<tag>…</tag>` blocks that CLIs put before and after it. */
export function ownWords(source: string): string {
  let rest = source.trim();
  for (;;) {
    const before = rest;
    rest = rest
      .replace(/^<([a-z_-]+)(?:\s[^>]*)?>[\s\S]*?<\/\1>\s*/i, '')
      .replace(/\s*<([a-z_-]+)(?:\s[^>]*)?>(?:(?!<\/?\1[\s>])[\s\S])*<\/\1>$/i, '');
    if (rest === before) return rest;
  }
}

/** The last of several texts that has own words. */
export function lastWords(texts: readonly string[]): string {
  for (let i = texts.length - 1; i >= 0; i--) {
    const words = ownWords(texts[i]!);
    if (words !== '') return words;
  }
  return '';
}
