// Takes credentials that were put into a request out of what comes back: an upstream that echoes one, in whatever form, shows the client
// what stands in for it. Only what could still become one waits. It must not know how replies are framed.
import { compilePatterns, SHORTEST_PATTERN } from './aho-corasick.ts';
import { formsOf } from './known-forms.ts';
import type { StreamTransform } from './stream-transform.ts';

/** A credential, and what the client knows in its place. */
export interface Injected {
  readonly value: string;
  readonly standIn: string;
}

/** Scrubs one exchange's reply. */
export interface Scrubber {
  /** A field of a head, in Latin-1. */
  text(text: string): string;
  /** A whole message: the same Buffer where nothing was found. */
  bytes(bytes: Buffer): Buffer;
  /** A body as it streams; `restored` counts what was taken out. */
  stream(): StreamTransform;
}

const REDACTED = '[redacted]';
const NOTHING = Buffer.alloc(0);

/** A scrubber for what was put in; undefined where that is nothing, or too short to be told from other text. */
export function createScrubber(injected: readonly Injected[]): Scrubber | undefined {
  const standIns = new Map<string, string>();
  for (const { value, standIn } of injected) {
    // The scheme before a token is no secret, and an echo may leave it out.
    const token = value.replace(/^[A-Za-z]+ +(?=\S)/, '').trim();
    if (token.length < SHORTEST_PATTERN) continue;
    for (const form of formsOf(token)) standIns.set(form, /^[\w .:/=+@-]+$/.test(standIn) ? standIn : REDACTED);
  }
  if (standIns.size === 0) return undefined;
  const forms = [...standIns.keys()].map((form) => Buffer.from(form, 'latin1'));
  const written = [...standIns.values()].map((standIn) => Buffer.from(standIn));
  const longest = Math.max(...forms.map((form) => form.length));
  const byFirst = new Map<number, Buffer[]>();
  for (const form of forms) byFirst.set(form[0]!, [...(byFirst.get(form[0]!) ?? []), form]);
  const pass = compilePatterns(forms);

  /** From where on, at `from` or later, the bytes end like the beginning of a form. */
  function openFrom(bytes: Buffer, from: number): number {
    for (let at = Math.max(from, bytes.length - longest + 1); at < bytes.length; at++) {
      const left = bytes.length - at;
      for (const form of byFirst.get(bytes[at]!) ?? [])
        if (form.length > left && form.compare(bytes, at, bytes.length, 0, left) === 0) return at;
    }
    return bytes.length;
  }

  /** Always the longest form at the first place: what is open there must be waited for, or the cutting would decide. */
  function scrub(bytes: Buffer, complete: boolean): { readonly out: Buffer[]; readonly rest: Buffer; readonly count: number } {
    const hits: { at: number; form: number }[] = [];
    pass(bytes, 0, bytes.length, (form, at) => hits.push({ at, form }));
    hits.sort((a, b) => a.at - b.at || forms[b.form]!.length - forms[a.form]!.length);
    const out: Buffer[] = [];
    let count = 0;
    let from = 0;
    let open = complete ? bytes.length : openFrom(bytes, 0);
    for (const { at, form } of hits) {
      if (at < from) continue;
      if (at >= open) break;
      out.push(bytes.subarray(from, at), written[form]!);
      count++;
      from = at + forms[form]!.length;
      if (open < from) open = openFrom(bytes, from);
    }
    out.push(bytes.subarray(from, open));
    return { out, rest: bytes.subarray(open), count };
  }

  const all = (bytes: Buffer): Buffer => {
    const { out, count } = scrub(bytes, true);
    return count === 0 ? bytes : Buffer.concat(out);
  };

  return {
    text: (text) => all(Buffer.from(text, 'latin1')).toString('latin1'),
    bytes: all,
    stream() {
      let waiting: Buffer = NOTHING;
      let taken = 0;
      const push = (chunk: Buffer, complete: boolean): Buffer => {
        const bytes = waiting.length === 0 ? chunk : Buffer.concat([waiting, chunk]);
        const { out, rest, count } = scrub(bytes, complete);
        taken += count;
        // A copy: the chunk may belong to a pool.
        waiting = rest.length === 0 ? NOTHING : Buffer.from(rest);
        return out.length === 1 ? out[0]! : Buffer.concat(out);
      };
      return {
        push: (chunk) => push(chunk, false),
        end: () => push(NOTHING, true),
        get restored() {
          return taken;
        },
      };
    },
  };
}

/** One transform behind the other, as one. `restored` is the second's. */
export function inSequence(first: StreamTransform, second: StreamTransform): StreamTransform {
  return {
    push: (chunk) => second.push(first.push(chunk)),
    end: () => Buffer.concat([second.push(first.end()), second.end()]),
    get restored() {
      return second.restored;
    },
  };
}
