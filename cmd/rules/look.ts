// What the rules find in one text or request and what would be sent: the daemon's own masker and guardrails on it, with everything they know.
// Must not print, nor read a file.
import { joinEdits } from '../../src/rules/guardrail.ts';
import type { FindingRules } from '../../src/rules/masking/finding-rules.ts';
import { KIND_ROWS, type Kind, type MaskAction } from '../../src/rules/masking/kinds.ts';
import { createMasker, type Edit, type Masker } from '../../src/rules/masking/mask.ts';
import { hasPlaceholderShape } from '../../src/rules/masking/placeholder-shape.ts';
import { unitsOf } from '../../src/rules/masking/scan.ts';
import { evidence } from './evidence.ts';
import type { Glass } from './glass.ts';
import { type Guarded, guardRequest, type Judged, judgedText, type Request } from './orders.ts';

/** What stands in the place of `[start, end)` of the text; offsets in UTF-16 code units. */
export interface Replacement {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A value that was found. Offsets in UTF-16 code units of the text. */
export interface Seen {
  /** A kind, or the rule whose pattern found it. */
  readonly kind: string;
  readonly type: string;
  readonly detector: string;
  readonly start: number;
  readonly end: number;
  readonly value: string;
  /** One sentence. */
  readonly why: string;
  /** 'untouched': it stands where the dialect lets nothing be edited. */
  readonly action: MaskAction | 'untouched';
  /** The rule that says so; undefined: the action of the kind. */
  readonly rule: string | undefined;
  readonly replacements: readonly Replacement[];
}

/** All that is to be said about a text. */
export interface Look {
  readonly text: string;
  readonly findings: readonly Seen[];
  /** What would be sent if nothing blocks. */
  readonly sent: string;
  /** The same with `{TYPE}` for each placeholder. */
  readonly standIns: string;
  /** What refuses it: a kind, with the rule if one says so, or a rule of a guardrail. */
  readonly blocked: string | undefined;
  readonly injection: Judged;
  /** The text of a request that is judged and acted upon. */
  readonly range: { readonly start: number; readonly end: number } | undefined;
  /** What guardrails put in, or in the place of what they take out. */
  readonly guarded: readonly Replacement[];
}

/** Looks at a text; where it is the JSON of a request, as at one. */
export function lookAt(text: string, request: Request | undefined, rules: FindingRules, { policy, placeholders, known }: Glass): Look {
  const bytes = Buffer.from(text);
  const masker = createMasker({ placeholders, actions: policy.mask, rules, known: () => known });
  const scan = request ? masker.json(bytes, request.dialect) : masker.text(bytes);
  const verdict: Guarded = request
    ? guardRequest(bytes, request, policy)
    : { edits: [], denied: undefined, injection: judgedText(text), range: undefined };
  const edits = inUnits(bytes, joinEdits([scan.edits, verdict.edits])).map((edit) => ({ ...edit, text: fromBytes(edit.text) }));
  return {
    text,
    findings: findingsIn(text, masker, edits),
    sent: edited(text, edits, (edit) => edit.text),
    standIns: edited(text, edits, (edit) => standIn(edit, rules)),
    blocked: scan.blocked ?? verdict.denied?.rule,
    injection: verdict.injection,
    range: verdict.range && inUnits(bytes, [verdict.range])[0],
    guarded: edits.filter(({ kind }) => policy.guards.some(({ name }) => name === kind)),
  };
}

/** What a finding of this kind is called. */
export function typeOf(kind: string, word: string): string {
  return Object.hasOwn(KIND_ROWS, kind) ? KIND_ROWS[kind as Kind].type : word;
}

function findingsIn(text: string, masker: Masker, edits: readonly Edit[]): Seen[] {
  let next = 0;
  return masker.findings(text).map((finding) => {
    const { start, end, detector, action, rule } = finding;
    while (next < edits.length && edits[next]!.end <= start) next++;
    const own: Edit[] = [];
    for (let i = next; i < edits.length && edits[i]!.start < end; i++) own.push(edits[i]!);
    const isEdited = action === 'mask' || action === 'redact';
    return {
      kind: detector.kind,
      type: typeOf(detector.kind, detector.word),
      detector: detector.name,
      start,
      end,
      value: text.slice(start, end),
      why: evidence(finding, text),
      action: isEdited && own.length === 0 ? 'untouched' : action,
      rule,
      replacements: own
        .filter((edit) => edit.kind === detector.kind)
        .map((edit) => ({ start: edit.start, end: edit.end, text: edit.text })),
    };
  });
}

/** The same with offsets in UTF-16 code units. */
function inUnits<T extends { readonly start: number; readonly end: number }>(bytes: Buffer, spans: readonly T[]): T[] {
  const unitAt = unitsOf(bytes);
  return spans.map((span) => ({ ...span, start: unitAt(span.start), end: unitAt(span.end) }));
}

/** Edits hold bytes in Latin-1. */
function fromBytes(text: string): string {
  return Buffer.from(text, 'latin1').toString();
}

function edited(text: string, edits: readonly Edit[], stand: (edit: Edit) => string): string {
  let out = '';
  let from = 0;
  for (const edit of edits) {
    out += text.slice(from, edit.start) + stand(edit);
    from = edit.end;
  }
  return out + text.slice(from);
}

/** `{EMAIL}` for a placeholder, quoted where that is; a tag stays what it is. */
function standIn({ text, kind }: Edit, { patterns }: FindingRules): string {
  const bare = text.replaceAll('"', '');
  const word = patterns.find(({ detector }) => detector.kind === kind)?.detector.word ?? kind;
  return hasPlaceholderShape(bare) ? text.replace(bare, `{${typeOf(kind, word)}}`) : text;
}
