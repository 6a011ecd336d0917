// What a reply cost, read as it passes: the tokens in and out and the model that answered. A few bytes are kept between two pieces, and one
// object of numbers where a piece ends inside it. What stands in a string is never taken for a name: its quotes have backslashes there.
// It must not hold a reply up, nor change it.
import { type LooseObject, objectOf } from './loose-json.ts';

/** What is known so far. */
export interface Usage {
  /** The model as the reply names it, '' while it has not. */
  readonly model: string;
  /** All tokens of the prompt, cached ones too; undefined while the reply has not said. */
  readonly tokensIn: number | undefined;
  /** Those of them that were read from the provider's cache, and those that were written to it; undefined where it does not tell them apart. */
  readonly cachedIn?: number | undefined;
  readonly cacheWriteIn?: number | undefined;
  /** Tokens of the answer, thinking too. */
  readonly tokensOut: number | undefined;
}

/** Where replies of a dialect say what they cost. */
export interface UsageNames {
  /** The member that holds the numbers, wherever it stands. */
  readonly member: string;
  /** Members of it that add up to all tokens in, and to all tokens out. */
  readonly input: readonly string[];
  readonly output: readonly string[];
  /** Where it says how many of the tokens in were read from a cache, and written to one: the first that is a number. A dot leads into an object. */
  readonly cachedInput?: readonly string[];
  readonly cacheWrite?: readonly string[];
  /** The member with the model's name. */
  readonly model: string;
}

/** Reads one reply, decoded, piece by piece. */
export interface UsageReader {
  push(piece: Buffer): void;
  readonly usage: Usage;
}

/** Nothing is known. */
export const NO_USAGE: Usage = Object.freeze({ model: '', tokensIn: undefined, tokensOut: undefined });

/** Longer objects of numbers, and longer names of models, are not waited for. */
const MAX_WAITING = 4096;

/** A reader of one reply of a dialect. */
export function createUsageReader(names: UsageNames): UsageReader {
  const member = `"${names.member}"`;
  const model = `"${names.model}"`;
  const keep = Math.max(member.length, model.length);
  let usage: Usage = NO_USAGE;
  // The end of what was read: a name may go on in the next piece, or its value may.
  let rest = '';

  function push(piece: Buffer): void {
    const text = rest + piece.toString('latin1');
    let waits = text.length;
    for (let at = text.indexOf(member); at >= 0; at = text.indexOf(member, at + member.length)) {
      const value = valueAt(text, at + member.length, objectEnd);
      if (value === 'open') waits = Math.min(waits, at);
      else if (value !== undefined) note(value);
    }
    for (let at = usage.model === '' ? text.indexOf(model) : -1; at >= 0; at = text.indexOf(model, at + model.length)) {
      const value = valueAt(text, at + model.length, stringEnd);
      if (value === 'open') waits = Math.min(waits, at);
      else if (value !== undefined) {
        usage = { ...usage, model: value.slice(1, -1) };
        break;
      }
    }
    rest = text.slice(text.length - waits > MAX_WAITING ? -keep : Math.max(0, Math.min(waits, text.length - keep)));
  }

  function note(json: string): void {
    const object = parsed(json);
    if (!object) return;
    // Later numbers count what came before too; some leave out what has not grown.
    const most = (before: number | undefined, now: number | undefined) => (now === undefined ? before : Math.max(before ?? 0, now));
    usage = {
      ...usage,
      tokensIn: most(usage.tokensIn, sum(object, names.input)),
      tokensOut: most(usage.tokensOut, sum(object, names.output)),
      cachedIn: most(usage.cachedIn, first(object, names.cachedInput)),
      cacheWriteIn: most(usage.cacheWriteIn, first(object, names.cacheWrite)),
    };
  }

  return {
    push,
    get usage() {
      return usage;
    },
  };
}

/** What several replies cost together: those of one WebSocket. */
export function addUsage(a: Usage, b: Usage): Usage {
  const add = (one: number | undefined, other: number | undefined) => (other === undefined ? one : (one ?? 0) + other);
  return {
    model: b.model || a.model,
    tokensIn: add(a.tokensIn, b.tokensIn),
    tokensOut: add(a.tokensOut, b.tokensOut),
    cachedIn: add(a.cachedIn, b.cachedIn),
    cacheWriteIn: add(a.cacheWriteIn, b.cacheWriteIn),
  };
}

/** The value behind a name, as `end` finds its end; 'open' where it goes on in the next piece, undefined where it is of another kind. */
function valueAt(text: string, from: number, end: (text: string, from: number) => number | undefined): string | undefined {
  let at = from;
  while (at < text.length && ' \t\r\n:'.includes(text[at]!)) at++;
  if (at === text.length) return 'open';
  const to = end(text, at);
  return to === undefined ? undefined : to === 0 ? 'open' : text.slice(at, to);
}

/** Behind the object that begins at `from`; 0 where it goes on, undefined where there is none. */
function objectEnd(text: string, from: number): number | undefined {
  if (text[from] !== '{') return undefined;
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const c = text[at];
    if (c === '{') depth++;
    else if (c === '}' && --depth === 0) return at + 1;
  }
  return 0;
}

/** The same for a string without a backslash in it, as names of models are. */
function stringEnd(text: string, from: number): number | undefined {
  if (text[from] !== '"') return undefined;
  const to = text.indexOf('"', from + 1);
  if (to < 0) return 0;
  return text.slice(from, to).includes('\\') ? undefined : to + 1;
}

function parsed(json: string): LooseObject | undefined {
  try {
    return objectOf(JSON.parse(json));
  } catch {
    return undefined;
  }
}

/** Undefined where none of the members is a number. */
function sum(object: LooseObject, names: readonly string[]): number | undefined {
  const numbers = names.map((name) => object[name]).filter((value): value is number => typeof value === 'number');
  return numbers.length === 0 ? undefined : numbers.reduce((a, b) => a + b, 0);
}

/** Of servers that say it in two ways each way says the same. */
function first(object: LooseObject, names: readonly string[] = []): number | undefined {
  for (const name of names) {
    const value = name.split('.').reduce<unknown>((at, step) => objectOf(at)?.[step], object);
    if (typeof value === 'number') return value;
  }
  return undefined;
}
