// What is kept of a body: every value gone for good, also those that the policy lets leave. What is masked by default is never kept as it is.
// It must not know where the text is kept.
import type { FindingRules } from './finding-rules.ts';
import { DEFAULT_ACTIONS, KINDS, type Kind, type MaskAction } from './kinds.ts';
import type { KnownSet } from './known-values.ts';
import { applyEdits, createMasker } from './mask.ts';
import type { Placeholders } from './placeholders.ts';

/** The text of a body without its values, cut off behind `maxBytes`. */
export type Redactor = (bytes: Buffer, maxBytes: number) => string;

/** Read behind the end of what is kept, so that no value is cut in two and not known for one. */
export const MARGIN_BYTES = 16 * 1024;

/** A redactor for what `rules` and `actions` say of values. */
export function createRedactor(options: {
  readonly placeholders: Placeholders;
  readonly actions: Readonly<Record<Kind, MaskAction>>;
  readonly rules: FindingRules;
  readonly known?: (() => KnownSet | undefined) | undefined;
  readonly standIns: readonly string[];
}): Redactor {
  const { rules, actions } = options;
  const isKept = (action: MaskAction) => action === 'off' || action === 'warn';
  const redacting = (action: MaskAction, kind: Kind): MaskAction =>
    isKept(action) && isKept(DEFAULT_ACTIONS[kind] ?? 'off') ? 'off' : 'redact';
  const masker = createMasker({
    ...options,
    actions: Object.fromEntries(KINDS.map((kind) => [kind, redacting(actions[kind], kind)])),
    rules: {
      ...rules,
      decide: (detector) => {
        const { action, rule } = rules.decide(detector, actions);
        return { action: redacting(action, detector.kind), rule };
      },
    },
  });
  const found = (text: string) => masker.findings(text).filter(({ action }) => action === 'redact');
  return (bytes, maxBytes) => {
    const own = bytes.subarray(0, maxBytes + MARGIN_BYTES);
    const said = joinedDeltas(own);
    // A value that comes in pieces is in no piece.
    if (found(said).some(({ start, end }) => !own.includes(said.slice(start, end)))) return '[not kept: a value in it comes in pieces]';
    const edits = masker.text(own).edits.filter(({ start }) => start < maxBytes);
    const end = Math.max(Math.min(maxBytes, own.length), edits.at(-1)?.end ?? 0);
    return applyEdits(own.subarray(0, end), edits).toString();
  };
}

const EVENT = /^data: ?(\{.*)$/gm;
/** Members that hold a piece of what a model says. */
const PIECE = /"(?:text|delta|content|partial_json|arguments|thinking)"\s*:\s*("(?:[^"\\]|\\.)*")/g;

/** What the events of a stream say together; '' for what is no stream. */
function joinedDeltas(bytes: Buffer): string {
  const text = bytes.toString();
  let out = '';
  for (const [, event] of text.matchAll(EVENT)) {
    for (const [, piece] of event!.matchAll(PIECE)) out += parsed(piece!);
  }
  return out;
}

function parsed(piece: string): string {
  try {
    return JSON.parse(piece) as string;
  } catch {
    return '';
  }
}
