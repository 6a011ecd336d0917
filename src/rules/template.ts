// The value of an `inject` rule: text with references such as `${env:NAME}`, resolved when it is used and never before.
// No error here repeats any of the text: a user may have put the key itself into it. It must not know what kinds of reference there are.
import { Fault } from '../fault.ts';

/** A template: literal text and references (`env:NAME`) in turn, beginning and ending with text. */
export interface Template {
  readonly texts: readonly string[];
  readonly references: readonly string[];
}

const REFERENCE = /\$\{([a-z][a-z-]*:(?:(?!\$\{)[^}])+)\}/g;

/**
 * Parses a template. A `$` without a brace behind it is text; `${` always opens a reference, `${KIND:WHERE}`, which ends with the next `}`.
 * Throws Fault `bad-request` for an empty template, a malformed reference (by its offset), and bytes no header value may hold (RFC 9110 5.5).
 */
export function parseTemplate(text: string): Template {
  if (text.trim() === '') throw new Fault('bad-request', 'the template is empty');
  if (!isFieldValue(text)) throw new Fault('bad-request', 'the template holds a character that no header may hold');
  const texts: string[] = [];
  const references: string[] = [];
  let from = 0;
  for (const m of text.matchAll(REFERENCE)) {
    texts.push(literal(text, from, m.index));
    references.push(m[1]!);
    from = m.index + m[0].length;
  }
  texts.push(literal(text, from, text.length));
  return { texts, references };
}

/** The template with the values of its references, in their order. */
export function renderTemplate({ texts }: Template, values: readonly string[]): string {
  return texts.map((text, i) => text + (values[i] ?? '')).join('');
}

/** The environment variables that the template names. */
export function variablesOf({ references }: Template): readonly string[] {
  return references.flatMap((reference) => envVariable(reference) ?? []);
}

/** The environment variable that a reference names; undefined for a reference of another kind. */
export function envVariable(reference: string): string | undefined {
  return /^env:(.+)$/.exec(reference)?.[1];
}

/** Whether a text can be a header value: visible Latin-1, spaces and tabs (RFC 9110 5.5). */
export function isFieldValue(text: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(text);
}

function literal(text: string, from: number, to: number): string {
  const at = text.indexOf('${', from);
  if (at >= 0 && at < to) throw new Fault('bad-request', `the reference at character ${at + 1} is not like \${env:NAME}`);
  return text.slice(from, to);
}
