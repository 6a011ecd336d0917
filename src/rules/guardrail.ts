// What a guardrail is, and how the verdicts of several become one: deny beats edit beats warn beats pass. Edits that cut into each
// other are a fault, since nobody could say what leaves. It must not know any guardrail.
import type { z } from 'zod';
import { Fault } from '../fault.ts';
import type { RawHeaders } from '../headers.ts';
import type { Reading } from './conversation/read.ts';
import type { Segment } from './conversation/segment.ts';
import type { Edit } from './masking/mask.ts';
import type { Dialect } from './provider.ts';

/** Something that was found, in words that may be logged: never the text. */
export interface Finding {
  readonly guardrail: string;
  /** Which rule of the guardrail. */
  readonly rule: string;
  /** The tool that brought it, or is called. */
  readonly tool?: string | undefined;
  readonly kinds?: readonly string[];
  /** 0 to 1. */
  readonly score?: number;
}

/** Something found in a segment, and what is to be done about it. `count` is only counted. */
export interface Hit extends Finding {
  readonly action: 'count' | 'warn' | 'edit' | 'deny';
}

/** What a guardrail says. `detail` goes to the client: never the matched text. */
export type Verdict =
  | { readonly action: 'pass' }
  | { readonly action: 'warn'; readonly findings: readonly Finding[] }
  | { readonly action: 'edit'; readonly edits: readonly Edit[]; readonly findings: readonly Finding[] }
  | Denial;

/** The verdict that ends it. */
export interface Denial {
  readonly action: 'deny';
  readonly rule: string;
  readonly detail: string;
  readonly findings: readonly Finding[];
}

/** A request body, decoded, before anything in it is edited. */
export interface GuardedRequest {
  readonly bytes: Buffer;
  /** Path and query. */
  readonly target: string;
  readonly headers: RawHeaders;
  readonly dialect: Dialect;
  readonly reading: Reading<Hit>;
  /** Whether an edit may be made: the client vouched for nothing that an edit would break, or policy lets us. */
  readonly mayEdit: () => boolean;
}

/** A call of a tool that a reply proposes. */
export interface ToolCall {
  /** '' where its name was never said. */
  readonly tool: string;
  /** As JSON, or as the text that a tool of free form takes. */
  readonly input: string;
}

interface Common {
  /** The name of its file. */
  readonly name: string;
  /** Lower ones are asked first. */
  readonly rank: number;
  /** How long an answer may take, ms. */
  readonly deadlineMs: number;
  /** What happens where it fails; there is no default. */
  readonly onFault: 'deny' | 'pass';
}

/** Judges what a request says. Built-in ones answer at once. */
export interface BodyGuardrail extends Common {
  readonly stage: 'body';
  /** It also has something to say about bodies that are no text, such as a picture that is uploaded. */
  readonly readsMedia?: true;
  /** Looks at a segment that was not in a body before. The same object for the same segment: it is reported once. */
  look?(segment: Segment): Hit | undefined;
  /** Judges the whole. */
  check(request: GuardedRequest): Verdict;
}

/** Judges the calls that a reply proposes. */
export interface ReplyGuardrail extends Common {
  readonly stage: 'reply';
  /** Whether it may deny at all: then a reply that cannot be read is not let through. */
  readonly mayDeny: boolean;
  /** Whether what a call of this tool says can matter, so that the call stays back until all of it is there; or the verdict, if its name is enough. */
  begin(tool: string): 'pass' | 'wait' | Denial;
  /** Judges a call that is whole. */
  judge(call: ToolCall): Verdict;
}

/** One guardrail. */
export type Guardrail = BodyGuardrail | ReplyGuardrail;

/** A built-in guardrail: its file's one thing. */
export interface BuiltIn<Settings extends z.ZodObject = z.ZodObject, Kind extends Guardrail = Guardrail> {
  readonly name: string;
  /** What the configuration may say of it, under its name. */
  readonly settings: Settings;
  /** The guardrail with its settings, undefined for none; undefined where they leave it off. */
  open(settings: z.output<Settings> | undefined): Kind | undefined;
}

/** What several verdicts come to. */
export interface Merged {
  /** In order, not overlapping. */
  readonly edits: readonly Edit[];
  readonly denied: { readonly rule: string; readonly detail: string } | undefined;
}

/** The passing verdict. */
export const PASS: Verdict = Object.freeze({ action: 'pass' });

/** Makes one of several verdicts, in the order of rank. Fault `internal` where edits overlap. */
export function mergeVerdicts(verdicts: readonly Verdict[]): Merged {
  const denied = verdicts.find((verdict) => verdict.action === 'deny');
  if (denied) return { edits: [], denied: { rule: denied.rule, detail: denied.detail } };
  return { edits: joinEdits(verdicts.map((verdict) => (verdict.action === 'edit' ? verdict.edits : []))), denied: undefined };
}

/**
 * Edits of several guardrails in one order. One that lies within another is part of what is replaced anyway and falls away.
 * Fault `internal` for edits that cut into each other, and for two of the same place that differ.
 */
export function joinEdits(lists: readonly (readonly Edit[])[]): readonly Edit[] {
  const filled = lists.filter((list) => list.length > 0);
  if (filled.length <= 1) return filled[0] ?? [];
  const sorted = filled.flat().sort((a, b) => a.start - b.start || b.end - a.end);
  const out: Edit[] = [];
  for (const edit of sorted) {
    const last = out.at(-1);
    if (!last || edit.start >= last.end) out.push(edit);
    else if (edit.end > last.end || (edit.start === last.start && edit.end === last.end && edit.text !== last.text)) {
      throw new Fault('internal', 'edits overlap');
    }
  }
  return out;
}
