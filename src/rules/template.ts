// The value of an `inject` rule: text with references such as `${env:NAME}`, resolved when it is used and never before.
// No error here repeats any of the text: a user may have put the key itself into it.
import { Fault } from '../fault.ts';

/** A checked template: literal text and names of environment variables in turn, beginning and ending with text. */
export interface Template {
  readonly texts: readonly string[];
  readonly names: readonly string[];
}

const REFERENCE = /\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}/g;

/**
 * Parses a template. A `$` without a brace behind it is text; `${` always opens a reference, and `${env:NAME}` is the only one there is.
 * Throws Fault `bad-request` for an empty template, a malformed reference (by its offset), and bytes no header value may hold (RFC 9110 5.5).
 */
export function parseTemplate(text: string): Template {
  if (text.trim() === '') throw new Fault('bad-request', 'the template is empty');
  if (!isFieldValue(text)) throw new Fault('bad-request', 'the template holds a character that no header may hold');
  const texts: string[] = [];
  const names: string[] = [];
  let from = 0;
  for (const m of text.matchAll(REFERENCE)) {
    texts.push(literal(text, from, m.index));
    names.push(m[1]!);
    from = m.index + m[0].length;
  }
  texts.push(literal(text, from, text.length));
  return { texts, names };
}

/** The template's value, or undefined when a variable is unset or empty. `lookup` gives a variable's value. */
export function renderTemplate(template: Template, lookup: (name: string) => string | undefined): string | undefined {
  let out = template.texts[0]!;
  for (let i = 0; i < template.names.length; i++) {
    const value = lookup(template.names[i]!);
    if (value === undefined || value === '') return undefined;
    out += value + template.texts[i + 1]!;
  }
  return out;
}

/** Whether a text can be a header value: visible Latin-1, spaces and tabs (RFC 9110 5.5). */
export function isFieldValue(text: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(text);
}

function literal(text: string, from: number, to: number): string {
  const at = text.indexOf('${', from);
  if (at >= 0 && at < to) throw new Fault('bad-request', `the reference at character ${at + 1} is not \${env:NAME}`);
  return text.slice(from, to);
}
