// What the guardrails say of one request: their verdict, as the daemon asks them, and the text that looks most like an injected order, with
// who brought it. Must not print, nor know any guardrail's settings.
import { createConversationReader } from '../../src/rules/conversation/read.ts';
import type { Segment } from '../../src/rules/conversation/segment.ts';
import { stringRanges } from '../../src/rules/conversation/string-ranges.ts';
import { type Hit, mergeVerdicts } from '../../src/rules/guardrail.ts';
import { type Judgement, judge, WARN_AT } from '../../src/rules/injection/judge.ts';
import type { Edit } from '../../src/rules/masking/mask.ts';
import type { Policy } from '../../src/rules/policy.ts';
import type { Dialect } from '../../src/rules/provider.ts';
import { saidIn } from './request-shape.ts';

/** A text that was judged, and the phrases of it that give orders by themselves. */
export interface Judged extends Judgement {
  /** Who brought it; undefined where that cannot be told, as of a text that is no request. */
  readonly from: 'tool' | 'user' | undefined;
  readonly tool: string | undefined;
  /** Where in a request it stands. */
  readonly place: string | undefined;
  readonly phrases: readonly string[];
  /** What is done about it: what users write is only counted. 'none': nothing. */
  readonly action: Hit['action'] | 'none';
}

/** A document in a dialect. */
export interface Request {
  readonly document: unknown;
  readonly dialect: Dialect;
}

/** What the guardrails would do to a request. Offsets in bytes. */
export interface Guarded {
  readonly edits: readonly Edit[];
  readonly denied: { readonly rule: string; readonly detail: string } | undefined;
  readonly injection: Judged;
  /** Where the text stands that is acted upon. */
  readonly range: { readonly start: number; readonly end: number } | undefined;
}

interface Seen {
  readonly segment: Segment;
  readonly judgement: Judgement;
  readonly hit: Hit | undefined;
}

const HEADERS = ['content-type', 'application/json'];

/** Asks those guardrails of the policy that judge requests. */
export function guardRequest(bytes: Buffer, { document, dialect }: Request, policy: Policy): Guarded {
  const guards = policy.guards.filter((guard) => guard.stage === 'body');
  const seen: Seen[] = [];
  const look = (segment: Segment): Hit | undefined => {
    const hit = guards.map((guard) => guard.look?.(segment)).find((one) => one !== undefined);
    seen.push({ segment, judgement: judge(segment.text), hit });
    return hit;
  };
  const reading = createConversationReader<Hit>(0).read(bytes, look);
  const request = { bytes, target: '', headers: HEADERS, dialect, reading, mayEdit: () => true };
  const { edits, denied } = mergeVerdicts(guards.map((guard) => guard.check(request)));
  const all = saidIn(document, dialect);
  const top = worst(seen);
  if (!top) return { edits, denied, injection: judgedText(all.map(({ text }) => text).join('\n')), range: undefined };
  const { segment, judgement, hit } = top;
  const from = segment.provenance === 'tool' ? 'tool' : 'user';
  const placed = hit && reading.found.find((one) => one.segment.path === segment.path);
  return {
    edits,
    denied,
    injection: {
      ...judgement,
      from,
      tool: segment.tool,
      place: all.find(({ place, text }) => text === segment.text && place.endsWith(namesIn(segment.path)))?.place,
      phrases: phrasesOf(segment.text, judgement),
      action: hit?.action ?? 'none',
    },
    range: placed && stringRanges(bytes, placed.start, placed.end, [segment.path])[0],
  };
}

/** Judges a text that is no request. */
export function judgedText(text: string): Judged {
  const judgement = judge(text);
  return { ...judgement, from: undefined, tool: undefined, place: undefined, phrases: phrasesOf(text, judgement), action: 'none' };
}

/** What a tool brought weighs more than what the user wrote; of system prompts, which are meant to give orders, nobody asks. */
function worst(seen: readonly Seen[]): Seen | undefined {
  const weight = ({ segment, judgement }: Seen) =>
    (segment.provenance === 'tool' && judgement.label === 'injection' ? 1 : 0) + judgement.score;
  return seen
    .filter(({ segment }) => segment.provenance === 'tool' || segment.provenance === 'user')
    .reduce<Seen | undefined>((top, one) => (top && weight(top) >= weight(one) ? top : one), undefined);
}

function namesIn(path: Segment['path']): string {
  return path.filter((step) => typeof step === 'string').join('.');
}

const MAX_PHRASES = 3;
const MAX_SENTENCES = 2000;

/** The sentences that are injections by themselves, the worst first. */
function phrasesOf(text: string, { label }: Judgement): string[] {
  if (label === 'benign') return [];
  const sentences = text.split(/[.!?\n]/, MAX_SENTENCES).map((sentence) => sentence.trim());
  return [...new Set(sentences)]
    .filter((sentence) => sentence !== '')
    .map((sentence) => ({ sentence, score: judge(sentence).score }))
    .filter(({ score }) => score >= WARN_AT)
    .sort((a, b) => b.score - a.score)
    .slice(0, MAX_PHRASES)
    .map(({ sentence }) => sentence);
}
