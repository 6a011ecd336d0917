// Bodies that are kept, where the profile says so: listened to as they pass, bounded, and masked once more when they are written down.
// It must not change a byte, nor keep one waiting.
import type { Capture, CapturedBody } from '../../capture.ts';
import { firstValue, type RawHeaders } from '../../headers.ts';
import { looksLikeText } from '../../rules/content.ts';
import type { FindingRules } from '../../rules/masking/finding-rules.ts';
import { createRedactor, MARGIN_BYTES, type Redactor } from '../../rules/masking/redactor.ts';
import { createScrubber } from '../../rules/masking/scrub.ts';
import type { Policy } from '../../rules/policy.ts';
import { capturesBodies } from '../../rules/profile.ts';
import type { Ear, Exchange, Heard } from '../exchange.ts';
import type { Conductor } from '../house.ts';

/** Of each body. */
const MAX_BYTES = 256 * 1024;

/** What an exchange begins with: undefined where its bodies are not kept. */
export function beginCapture(x: Pick<Exchange, 'profile'>, nowMs: number): Heard | undefined {
  return capturesBodies(x.profile, nowMs) ? { request: { pieces: [], size: 0 }, reply: { pieces: [], size: 0 }, replyType: '' } : undefined;
}

/** A body as it leaves, or a message of a WebSocket, before any key is put in and without its content coding. */
export function hearRequest({ heard }: Exchange, bytes: Buffer): void {
  if (heard) hear(heard.request, bytes);
}

/** Hears a reply, decoded and before values come back in it; undefined where nothing is kept of it: a login is its owner's alone. */
export function captureEar({ heard, route }: Exchange, headers: RawHeaders): ((piece: Buffer) => void) | undefined {
  if (!heard || !route || route.endpoint?.kind === 'login') return undefined;
  heard.replyType = firstValue(headers, 'content-type') ?? '';
  return (piece) => hear(heard.reply, piece);
}

/** A message that came over a WebSocket. */
export function hearMessage({ heard }: Exchange, message: Buffer): void {
  if (heard) hear(heard.reply, message);
}

/** What is kept; undefined where nothing is. */
export function capturedBy(house: Conductor, x: Exchange): Capture | undefined {
  const { heard } = x;
  if (!heard || heard.request.size + heard.reply.size === 0) return undefined;
  const redact = redactorFor(house, x);
  const scrub = createScrubber(x.notes.injected);
  const type = firstValue(x.line.head.headers, 'content-type') ?? '';
  return () => ({
    request: bodyOf(heard.request, type, redact),
    reply: bodyOf(heard.reply, heard.replyType, (bytes, max) => redact(scrub ? scrub.bytes(bytes) : bytes, max)),
  });
}

function hear(ear: Ear, piece: Buffer): void {
  // The buffer of a piece is used again by whoever read it.
  if (ear.size < MAX_BYTES + MARGIN_BYTES) ear.pieces.push(Buffer.from(piece.subarray(0, MAX_BYTES + MARGIN_BYTES - ear.size)));
  ear.size += piece.length;
}

function bodyOf({ pieces, size }: Ear, type: string, redact: Redactor): CapturedBody | undefined {
  const bytes = Buffer.concat(pieces);
  return size === 0 || !looksLikeText(bytes) ? undefined : { type, text: redact(bytes, MAX_BYTES), isCut: size > MAX_BYTES };
}

const redactors = new WeakMap<Policy, Map<FindingRules, Redactor>>();

/** One for all exchanges that the same rules apply to. */
function redactorFor(house: Conductor, { policy, connection, profile, route }: Exchange): Redactor {
  const own = redactors.get(policy) ?? new Map<FindingRules, Redactor>();
  redactors.set(policy, own);
  const rules = policy.findingRulesFor(connection.authority, route?.provider.name ?? '', profile.rules);
  let redact = own.get(rules);
  if (!redact) {
    const { placeholders, knownValues: known } = house.options;
    redact = createRedactor({
      placeholders,
      actions: policy.mask,
      rules,
      known,
      standIns: policy.inject.flatMap(({ replaces }) => replaces ?? []),
    });
    own.set(rules, redact);
  }
  return redact;
}
