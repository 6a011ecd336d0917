// Reads the answers of secret stores: JSON, fields of it, and what a status means.
// No error here repeats anything of an answer: it may be the value.
import { type Answer, Unresolved } from './reference.ts';

/** The body of a 200 as JSON. Throws Unresolved for another status; `who` answered, `words` say what some statuses mean there. */
export function jsonFrom(answer: Answer, who: string, words: Readonly<Record<number, string>> = {}): unknown {
  if (answer.status !== 200) throw new Unresolved(refusal(answer.status, who, words));
  return parseJson(answer.bytes.toString(), `the answer of ${who}`);
}

/** The member of an object that leads to a text. Throws Unresolved; `what` is the object. */
export function textAt(value: unknown, path: readonly string[], what: string): string {
  let at = value;
  for (const name of path) at = isObject(at) ? at[name] : undefined;
  if (typeof at !== 'string') throw new Unresolved(`${what} has no text ${path.join('.')}`);
  return at;
}

/** The secret itself, or one field of it where it is JSON. Throws Unresolved. */
export function fieldOf(secret: string, field: string | undefined): string {
  return field === undefined ? secret : textAt(parseJson(secret, 'the secret'), [field], 'the secret');
}

const MEANINGS: Readonly<Record<number, string>> = {
  401: 'the credentials were not accepted',
  403: 'the credentials may not read it',
  404: 'there is no such secret',
  429: 'too many requests',
};

/** What a status means, in words. `words` are those of one store. */
export function refusal(status: number, who: string, words: Readonly<Record<number, string>> = {}): string {
  const meaning = words[status] ?? MEANINGS[status];
  return `${who} answered ${status}${meaning === undefined ? '' : `: ${meaning}`}`;
}

/** Whether it is a JSON object. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The text as JSON. Throws Unresolved; `what` is the text. */
export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Unresolved(`${what} is not JSON`);
  }
}
