// Phase 6: the request's fields, query and body are scanned and masked. Nothing is sent from here, and no key is known here.
// It must not know which protocol carried the request.
import { Fault } from '../../fault.ts';
import { joinedValue, type RawHeaders, type RequestHead, withoutDigests } from '../../headers.ts';
import { coversField } from '../../rules/attestation.ts';
import { type ContentKind, contentKind, isConversation, isWideText, looksLikeText } from '../../rules/content.ts';
import { asksForJson } from '../../rules/json-answer.ts';
import type { FindingRules } from '../../rules/masking/finding-rules.ts';
import { applyEdits, createMasker, type Masker, type Scan, type ValueScan } from '../../rules/masking/mask.ts';
import { createMessageRestorer } from '../../rules/masking/restore.ts';
import type { Scrubber } from '../../rules/masking/scrub.ts';
import type { Policy } from '../../rules/policy.ts';
import type { Route } from '../../rules/provider.ts';
import type { Exchange, HeldBody, MessagePlan, OutgoingRequest } from '../exchange.ts';
import { askOwn, skipOwn } from '../guard/ask.ts';
import { guardBody, hearReply } from '../guard/run.ts';
import type { Conductor } from '../house.ts';
import { decodeBody, encodeBody } from './decode.ts';
import { keepBodies } from './hashes.ts';
import { returnSource } from './restore-reply.ts';

type WholeBody = OutgoingRequest['body'] & { readonly kind: 'whole' };

/** What phase 6 leaves for phase 7: the head with masked fields and query, and the body to send. */
export interface Inspection {
  readonly head: RequestHead;
  readonly body: OutgoingRequest['body'];
}

/** How much larger than its encoded form a body may become. */
const MAX_RATIO = 1000;
/** How much of a body of no known type and length is held, so that it can be masked. */
const HELD_BYTES = 1 << 20;
const HEAD_BYTES = 4096;
const NOTHING = Buffer.alloc(0);
const STREAM: OutgoingRequest['body'] = { kind: 'stream' };

/** Fields that are the client's own login, belong to the connection or say how a body is read: never masked. */
const NEVER_MASKED =
  /^(:.*|host|authorization|proxy-.*|cookie|x-api-key|api-key|x-goog-api-key|user-agent|content-(type|length|encoding|language|range|md5|digest|transfer-encoding)|accept.*|connection|sec-.*|upgrade|traceparent|tracestate)$/;
/** No value is shorter: `a@b.co`. */
const SHORTEST = 6;

const maskers = new WeakMap<Policy, Map<FindingRules, Masker>>();

/** One for all exchanges that the same rules apply to. */
function maskerFor(house: Conductor, { policy, connection, route }: Exchange): Masker {
  const own = maskers.get(policy) ?? new Map<FindingRules, Masker>();
  maskers.set(policy, own);
  const rules = policy.findingRulesFor(connection.authority, route?.provider.name ?? '');
  let masker = own.get(rules);
  if (!masker) {
    const { placeholders, knownValues: known } = house.options;
    masker = createMasker({ placeholders, actions: policy.mask, rules, known });
    own.set(rules, masker);
  }
  return masker;
}

/** Scans and masks. Faults body-too-large, body-unreadable, rule-denied, client-gone, client-slow. */
export async function inspect(house: Conductor, x: Exchange): Promise<Inspection> {
  const { line, route } = x;
  if (!route || route.endpoint?.kind === 'login') return { head: line.head, body: STREAM };
  const masker = maskerFor(house, x);
  const head = maskHead(x, route, masker);
  if (!line.hasBody || line.wantsWebSocket) return { head, body: STREAM };
  return { head, body: { ...(await inspectBody(house, x, route, masker)), trailers: (came) => maskFields(x, route, masker, came) } };
}

async function inspectBody(house: Conductor, x: Exchange, route: Route, masker: Masker): Promise<OutgoingRequest['body']> {
  const { line, policy } = x;
  const kind = contentKind(line.head.headers);
  const encoding = joinedValue(line.head.headers, 'content-encoding');
  const unbounded = line.bodyLength === undefined || line.bodyLength > policy.maxBodyBytes;
  // A picture is on its way before its end is here, and what it holds is not edited: only one that is text after all is looked at.
  const flows = kind === 'media' || kind === 'frames' || (kind === 'unknown' && unbounded);
  if (flows && encoding === undefined) {
    const watch = watcher(x, masker, kind);
    const isHeld = line.bodyLength === undefined && !isConversation(line.head.headers);
    return { kind: 'stream', watch, ...(isHeld ? { held: smallBody(house, x, route, masker, kind, watch) } : {}) };
  }
  if (line.bodyLength !== undefined && line.bodyLength > policy.maxBodyBytes) throw new Fault('body-too-large');
  const wire = await line.collect(policy.maxBodyBytes);
  return maskBody(house, x, route, masker, kind, wire);
}

async function maskBody(house: Conductor, x: Exchange, route: Route, masker: Masker, kind: ContentKind, wire: Buffer): Promise<WholeBody> {
  const maxBytes = x.policy.maxBodyBytes;
  const encoding = joinedValue(x.line.head.headers, 'content-encoding');
  const plain = encoding === undefined ? wire : await decodeBody(wire, encoding, { maxBytes, maxRatio: MAX_RATIO });
  refuseWide(x, masker, plain);
  keepBodies(x.notes, wire, wire);
  const scan = scanBody(masker, route, kind, plain);
  if (!scan) return { kind: 'whole', bytes: wire, changed: false };
  x.notes.answersJson = asksForJson(plain);
  note(x, scan.counts);
  if (scan.blocked !== undefined) throw new Fault('rule-denied', `the body holds ${scan.blocked}`);
  const edits = kind === 'lines' ? scan.edits : guardBody(house, x, plain, scan.edits);
  const isEdited = edits.length > 0 && mayEdit(x, route, plain);
  const edited = isEdited ? applyEdits(plain, edits) : plain;
  if (kind !== 'lines') await askOwn(house, x, edited);
  if (!isEdited) return { kind: 'whole', bytes: wire, changed: false };
  x.notes.verdict = 'edit';
  const bytes = encoding === undefined ? edited : await encodeBody(edited, encoding);
  if (x.notes.bodies) x.notes.bodies = { received: wire, sent: bytes };
  return { kind: 'whole', bytes, changed: true };
}

function scanBody(masker: Masker, route: Route, kind: ContentKind, plain: Buffer): Scan | undefined {
  if (kind === 'lines') return masker.lines(plain, route.dialect);
  if (kind === 'json' || (kind !== 'text' && startsLikeJson(plain))) return masker.json(plain, route.dialect);
  if (kind === 'form') return masker.form(plain);
  return kind === 'text' || isText(kind, plain) ? masker.text(plain) : undefined;
}

/** What its type calls a picture or an archive is text only where it begins like JSON. */
function isText(kind: ContentKind, bytes: Buffer): boolean {
  return kind === 'media' || kind === 'frames' ? startsLikeJson(bytes) : looksLikeText(bytes);
}

/** Whether a body or a head may be edited although the client vouched for its bytes. Fault rule-denied where policy says so. */
function mayEdit(x: Exchange, route: Route, plain?: Buffer): boolean {
  const vouched = route.provider.attests?.(x.line.head, plain ?? NOTHING);
  if (vouched === undefined) return true;
  const action = x.policy.onAttestedBody;
  if (action === 'observe') return false;
  // An edit would break a signature, and sending the values as they are would break the promise.
  if (action === 'block' || vouched === 'signed')
    throw new Fault('rule-denied', `the ${vouched} ${plain ? 'body' : 'head'} holds values that must be masked`);
  return true;
}

function maskHead(x: Exchange, route: Route, masker: Masker): RequestHead {
  const { head } = x.line;
  const headers = maskFields(x, route, masker, head.headers);
  let target = head.target;
  const q = target.indexOf('?');
  if (q >= 0) {
    const own = new Set(route.provider.auth.map((slot) => slot.query));
    const parts = target
      .slice(q + 1)
      .split('&')
      .map((part) => (own.has(part.split('=', 1)[0]) ? part : masked(x, masker.query(part), part, () => mayEdit(x, route))));
    target = `${target.slice(0, q + 1)}${parts.join('&')}`;
  }
  return headers === head.headers && target === head.target ? head : { ...head, headers, target };
}

/** Fields of the head or trailers; the same array when nothing is masked. */
function maskFields(x: Exchange, route: Route, masker: Masker, fields: RawHeaders): RawHeaders {
  const { head } = x.line;
  let out: string[] | undefined;
  for (let i = 0; i < fields.length; i += 2) {
    const value = fields[i + 1]!;
    if (value.length < SHORTEST) continue;
    const name = fields[i]!.toLowerCase();
    if (NEVER_MASKED.test(name) || route.provider.auth.some((slot) => slot.header === name)) continue;
    const text = masked(x, masker.value(value), value, () => !coversField(head, name) || mayEdit(x, route));
    if (text === value) continue;
    out ??= fields.slice();
    out[i + 1] = text;
  }
  return out ?? fields;
}

function masked(x: Exchange, scan: ValueScan, text: string, isFree: () => boolean): string {
  note(x, scan.counts);
  if (scan.blocked !== undefined) throw new Fault('rule-denied', `the head holds ${scan.blocked}`);
  if (scan.text === text || !isFree()) return text;
  x.notes.verdict = 'edit';
  return scan.text;
}

/** A body of no known type and length that may be small. Once it is larger than is held, or nothing that is ever edited, it is watched. */
function smallBody(
  house: Conductor,
  x: Exchange,
  route: Route,
  masker: Masker,
  kind: ContentKind,
  watch: (piece: Buffer) => void,
): HeldBody {
  const most = Math.min(HELD_BYTES, x.policy.maxBodyBytes);
  const pieces: Buffer[] = [];
  let size = 0;
  let head: Buffer = Buffer.alloc(0);
  const hasDigest = withoutDigests(x.line.head.headers) !== x.line.head.headers;
  return {
    take(piece) {
      pieces.push(piece);
      size += piece.length;
      if (head.length < HEAD_BYTES) head = Buffer.concat([head, piece.subarray(0, HEAD_BYTES - head.length)]);
      return size <= most && (isText(kind, head) || isBlank(head));
    },
    async release(isAll) {
      const bytes = Buffer.concat(pieces.splice(0));
      if (isAll && size <= most) {
        const body = await maskBody(house, x, route, masker, kind, bytes);
        if (body.changed && hasDigest) throw new Fault('rule-denied', 'its digest has left before values in it were found');
        return body.changed ? body.bytes : undefined;
      }
      watch(bytes);
      return undefined;
    },
  };
}

/** A body too large to hold is read past; a finding in it stops the upload, since it cannot be masked any more. */
function watcher(x: Exchange, masker: Masker, kind: ContentKind): (piece: Buffer) => void {
  const scanner = masker.stream();
  let text: boolean | undefined;
  return (piece) => {
    if (text === undefined) refuseWide(x, masker, piece);
    text ??= isText(kind, piece);
    if (text && scanner.push(piece).length > 0) throw new Fault('body-too-large', 'it holds values that must be masked');
  };
}

/** What is written two or four bytes a character would pass unseen. No client of these hosts writes so. */
function refuseWide(x: Exchange, masker: Masker, bytes: Buffer): void {
  if (masker.holds && isWideText(x.line.head.headers, bytes)) throw new Fault('body-unreadable', 'it is not in UTF-8');
}

/** White space from which a document may still begin. */
function isBlank(bytes: Buffer): boolean {
  return bytes.length < 64 && bytes.toString('latin1').trim() === '';
}

function startsLikeJson(bytes: Buffer): boolean {
  const first = bytes
    .subarray(0, 64)
    .toString('latin1')
    .replace(/^\u00ef\u00bb\u00bf/, '')
    .trimStart()[0];
  return first === '{' || first === '[';
}

function note(x: Exchange, counts: Readonly<Record<string, number>>): void {
  for (const kind in counts) x.notes.edits[kind] = (x.notes.edits[kind] ?? 0) + counts[kind]!;
}

/** Phase 6 and 9 for a WebSocket: each message like a body, each reply message like an event of a stream. */
export function messagePlan(house: Conductor, x: Exchange, scrub?: Scrubber): MessagePlan {
  const masker = maskerFor(house, x);
  const dialect = x.route?.dialect;
  if (!dialect) return { fromClient: () => undefined, fromUpstream: () => undefined, maxMessageBytes: x.policy.maxBodyBytes };
  const restorer = createMessageRestorer(dialect, returnSource(house, x), () => x.notes.answersJson);
  return {
    maxMessageBytes: x.policy.maxBodyBytes,
    fromClient: (payload, isText) => {
      if (!isText && !looksLikeText(payload)) return undefined;
      const scan = masker.json(payload, dialect);
      x.notes.answersJson = asksForJson(payload);
      note(x, scan.counts);
      if (scan.blocked !== undefined) throw new Fault('rule-denied', `a message holds ${scan.blocked}`);
      skipOwn(house, x);
      const edits = guardBody(house, x, payload, scan.edits);
      if (edits.length === 0) return undefined;
      x.notes.verdict = 'edit';
      return applyEdits(payload, edits);
    },
    fromUpstream: (payload, isText) => {
      const clean = scrub ? scrub.bytes(payload) : payload;
      const same = clean === payload ? undefined : clean;
      if (isText) hearReply(x, clean);
      if (!isText || house.options.placeholders.size === 0) return same;
      const out = restorer.message(clean);
      x.notes.restored = restorer.restored;
      return out ?? same;
    },
  };
}
