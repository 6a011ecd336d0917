// What the rules find in one text or request and what would be sent: the daemon's own scanner and masker on it, with everything they know.
// Must not print, nor read a file.
import { type Judgement, judge, WARN_AT } from '../../src/rules/injection/judge.ts';
import type { InjectionKind } from '../../src/rules/injection/words.ts';
import { KIND_ROWS, KINDS, type Kind, type MaskAction } from '../../src/rules/masking/kinds.ts';
import { createMasker, type Edit } from '../../src/rules/masking/mask.ts';
import { hasPlaceholderShape } from '../../src/rules/masking/placeholder-shape.ts';
import type { Placeholders } from '../../src/rules/masking/placeholders.ts';
import { type Finding, scannerFor, unitsOf } from '../../src/rules/masking/scan.ts';
import type { Policy } from '../../src/rules/policy.ts';
import type { Dialect } from '../../src/rules/provider.ts';
import { evidence } from './evidence.ts';
import { type Said, saidIn } from './request-shape.ts';

/** What stands in the place of `[start, end)` of the text; offsets in UTF-16 code units. */
export interface Replacement {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A value that was found. Offsets in UTF-16 code units of the text. */
export interface Seen {
  readonly kind: Kind;
  readonly type: string;
  readonly detector: string;
  readonly start: number;
  readonly end: number;
  readonly value: string;
  /** One sentence. */
  readonly why: string;
  /** 'untouched': it stands where the dialect lets nothing be edited. */
  readonly action: MaskAction | 'untouched';
  readonly replacements: readonly Replacement[];
}

/** A text that was judged, and the phrases of it that give orders by themselves. */
export interface Judged extends Judgement {
  /** Where in a request it stands. */
  readonly place: string | undefined;
  readonly phrases: readonly string[];
}

/** All that is to be said about a text. */
export interface Look {
  readonly text: string;
  readonly findings: readonly Seen[];
  /** What would be sent if nothing blocks. */
  readonly sent: string;
  /** The same with `{TYPE}` for each placeholder. */
  readonly standIns: string;
  /** The kind whose action refuses it. */
  readonly blocked: string | undefined;
  readonly injection: Judged;
}

/** A document in a dialect. */
export interface Request {
  readonly document: unknown;
  readonly dialect: Dialect;
}

/** Looks at a text; where it is the JSON of a request, as at one. */
export function lookAt(text: string, request: Request | undefined, policy: Policy, placeholders: Placeholders): Look {
  const bytes = Buffer.from(text);
  const masker = createMasker({ placeholders, actions: policy.mask });
  const scan = request ? masker.json(bytes, request.dialect) : masker.text(bytes);
  const edits = inUnits(bytes, scan.edits);
  const found = scannerFor(KINDS.filter((kind) => policy.mask[kind] !== 'off')).text(text);
  let next = 0;
  const findings = found.map((finding) => {
    while (next < edits.length && edits[next]!.end <= finding.start) next++;
    const own: Edit[] = [];
    for (let i = next; i < edits.length && edits[i]!.start < finding.end; i++) own.push(edits[i]!);
    return seen(finding, text, own, policy.mask[finding.detector.kind]);
  });
  return {
    text,
    findings,
    sent: edited(text, edits, (edit) => edit.text),
    standIns: edited(text, edits, standIn),
    blocked: scan.blocked,
    injection: request ? worst(saidIn(request.document, request.dialect)) : judged({ place: '', text }),
  };
}

function seen(finding: Finding, text: string, edits: readonly Edit[], action: MaskAction): Seen {
  const { start, end, detector } = finding;
  const isEdited = action === 'mask' || action === 'redact';
  return {
    kind: detector.kind,
    type: KIND_ROWS[detector.kind].type,
    detector: detector.name,
    start,
    end,
    value: text.slice(start, end),
    why: evidence(finding, text),
    action: isEdited && edits.length === 0 ? 'untouched' : action,
    replacements: edits.map((edit) => ({ start: edit.start, end: edit.end, text: edit.text })),
  };
}

/** The edits with offsets in UTF-16 code units. */
function inUnits(bytes: Buffer, edits: readonly Edit[]): Edit[] {
  const unitAt = unitsOf(bytes);
  return edits.map((edit) => ({ ...edit, start: unitAt(edit.start), end: unitAt(edit.end) }));
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
function standIn({ text, kind }: Edit): string {
  const bare = text.replaceAll('"', '');
  return hasPlaceholderShape(bare) ? text.replace(bare, `{${KIND_ROWS[kind as Kind].type}}`) : text;
}

/** The one that is judged worst. */
function worst(said: readonly Said[]): Judged {
  let top: { readonly said: Said; readonly score: number } | undefined;
  const kinds = new Set<InjectionKind>();
  for (const one of said) {
    const { score, label, kinds: own } = judge(one.text);
    if (label === 'injection') for (const kind of own) kinds.add(kind);
    if (score > (top?.score ?? -1)) top = { said: one, score };
  }
  return { ...judged(top?.said ?? { place: '', text: '' }), ...(kinds.size > 0 && { kinds: [...kinds] }) };
}

const MAX_PHRASES = 3;
const MAX_SENTENCES = 2000;

function judged({ place, text }: Said): Judged {
  const judgement = judge(text);
  const phrases = judgement.label === 'benign' ? [] : speaking(text);
  return { ...judgement, place: place === '' ? undefined : place, phrases };
}

/** The sentences that are injections by themselves, the worst first. */
function speaking(text: string): string[] {
  const sentences = text.split(/[.!?\n]/, MAX_SENTENCES).map((sentence) => sentence.trim());
  return [...new Set(sentences)]
    .filter((sentence) => sentence !== '')
    .map((sentence) => ({ sentence, score: judge(sentence).score }))
    .filter(({ score }) => score >= WARN_AT)
    .sort((a, b) => b.score - a.score)
    .slice(0, MAX_PHRASES)
    .map(({ sentence }) => sentence);
}
