// Phase 6: the request's fields, query and body are scanned, masked and shown to the guardrails. Nothing is sent from here, and no key
// is known here. It must not know which protocol carried the request.
import { Fault } from '../../fault.ts';
import { joinedValue, type RequestHead } from '../../headers.ts';
import { askedModel } from '../../rules/asked-model.ts';
import { type ContentKind, contentKind, isConversation, startsLikeJson } from '../../rules/content.ts';
import { asksForJson } from '../../rules/json-answer.ts';
import type { Masker, Scan } from '../../rules/masking/mask.ts';
import type { Route } from '../../rules/provider.ts';
import type { Exchange, OutgoingRequest } from '../exchange.ts';
import { askOwn } from '../guard/ask.ts';
import { readsMedia } from '../guard/run.ts';
import type { Conductor } from '../house.ts';
import { refuseForeignBody } from '../keys.ts';
import { hearRequest } from './capture.ts';
import { decodeBody, encodeBody } from './decode.ts';
import { editText } from './edit-text.ts';
import { keepBodies } from './hashes.ts';
import { maskFields, maskHead } from './mask-head.ts';
import { maskerFor } from './masker.ts';
import { loginBody } from './refresh.ts';
import { isText, refuseWide, smallBody, type WholeBody, watcher } from './unheld.ts';
import { mayEdit } from './vouched.ts';

/** What phase 6 leaves for phase 7: the head with masked fields and query, and the body to send. */
export interface Inspection {
  readonly head: RequestHead;
  readonly body: OutgoingRequest['body'];
}

/** How much larger than its encoded form a body may become. */
const MAX_RATIO = 1000;
const NOTHING_FOUND: Scan = Object.freeze({ edits: [], counts: {}, blocked: undefined });
const STREAM: OutgoingRequest['body'] = { kind: 'stream' };

/** Scans and masks. Faults body-too-large, body-unreadable, rule-denied, client-gone, client-slow. */
export async function inspect(house: Conductor, x: Exchange): Promise<Inspection> {
  const { line, route } = x;
  if (!route) return { head: line.head, body: STREAM };
  if (route.endpoint?.kind === 'login') return { head: line.head, body: await loginBody(x) };
  const masker = maskerFor(house, x);
  const head = maskHead(x, route, masker);
  if (!line.hasBody || line.wantsWebSocket) return { head, body: STREAM };
  return { head, body: { ...(await inspectBody(house, x, route, masker)), trailers: (came) => maskFields(x, route, masker, came) } };
}

async function inspectBody(house: Conductor, x: Exchange, route: Route, masker: Masker): Promise<OutgoingRequest['body']> {
  const { line, policy } = x;
  const kind = contentKind(line.head.headers);
  const encoding = joinedValue(line.head.headers, 'content-encoding');
  if (encoding === undefined && mayFlow(x, route, kind)) {
    const watch = watcher(x, masker, kind);
    const isHeld = line.bodyLength === undefined && !isConversation(line.head.headers);
    const mask = (bytes: Buffer) => maskBody(house, x, route, masker, kind, bytes);
    return { kind: 'stream', watch, ...(isHeld ? { held: smallBody(x, kind, mask, watch) } : {}) };
  }
  if (line.bodyLength !== undefined && line.bodyLength > policy.maxBodyBytes) throw new Fault('body-too-large');
  const wire = await line.collect(policy.maxBodyBytes);
  return maskBody(house, x, route, masker, kind, wire);
}

/**
 * Whether a body may be on its way before its end is here: what it holds is then not edited, and no guardrail sees it. A call of a model is
 * text whatever its type says; only a conversation waits for answers before it goes on.
 */
function mayFlow(x: Exchange, route: Route, kind: ContentKind): boolean {
  const { line, policy } = x;
  if (isConversation(line.head.headers)) return true;
  if (route.endpoint?.kind === 'model') return false;
  if (kind === 'media' || kind === 'frames') return !readsMedia(x);
  return kind === 'unknown' && (line.bodyLength === undefined || line.bodyLength > policy.maxBodyBytes);
}

async function maskBody(house: Conductor, x: Exchange, route: Route, masker: Masker, kind: ContentKind, wire: Buffer): Promise<WholeBody> {
  const maxBytes = x.policy.maxBodyBytes;
  const encoding = joinedValue(x.line.head.headers, 'content-encoding');
  const plain = encoding === undefined ? wire : await decodeBody(wire, encoding, { maxBytes, maxRatio: MAX_RATIO });
  refuseWide(x, masker, plain);
  keepBodies(x.notes, wire, wire);
  x.notes.answersJson = asksForJson(plain);
  x.notes.askedModel = askedModel(x.line.head.target, plain);
  const edited = editText(house, x, route, scanBody(masker, route, kind, plain), plain, mayEdit);
  await askOwn(house, x, edited);
  refuseForeignBody(house, x, edited);
  hearRequest(x, edited);
  if (edited === plain) return { kind: 'whole', bytes: wire, changed: false };
  const bytes = encoding === undefined ? edited : await encodeBody(edited, encoding);
  if (x.notes.bodies) x.notes.bodies = { received: wire, sent: bytes };
  return { kind: 'whole', bytes, changed: true };
}

function scanBody(masker: Masker, route: Route, kind: ContentKind, plain: Buffer): Scan {
  if (kind === 'lines') return masker.lines(plain, route.dialect);
  if (kind === 'json' || (kind !== 'text' && startsLikeJson(plain))) return masker.json(plain, route.dialect);
  if (kind === 'form') return masker.form(plain);
  return kind === 'text' || isText(kind, plain) ? masker.text(plain) : NOTHING_FOUND;
}
