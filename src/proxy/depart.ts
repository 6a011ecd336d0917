// Between phases 6 and 7, for calls of models: whether the request may leave now. It may be a repetition whose answer is under way, have to
// stand in line, or be refused in its provider's words; what comes of it is told to the machines. It must not know how they decide.
import { hash } from 'node:crypto';
import { asFault, Fault } from '../fault.ts';
import { firstValue, type ReplyHead, withoutDigests } from '../headers.ts';
import type { Mode } from '../rules/resilience/flow-settings.ts';
import type { KeptReply } from '../rules/resilience/lockout.ts';
import { isBackground, isRetry, promptTokens } from '../rules/resilience/request.ts';
import { overheard, taped } from './body/overhear.ts';
import type { Pass } from './egress/flow-pass.ts';
import type { Lead } from './egress/shared-replies.ts';
import type { Exchange, ReplyPlan, WholeReply } from './exchange.ts';
import { withoutFraming } from './hop.ts';
import type { Conductor } from './house.ts';

/** A request on its way. Its members are asked in this order; `end` always, once. */
export interface Departure {
  /** The answer outlives its client while others read it. */
  readonly outlivesClient: (() => boolean) | undefined;
  /** The head of the reply is there: the plan that lets the machines and other readers hear what `plan` relays. */
  readonly relays: (reply: ReplyHead, plan: () => ReplyPlan) => ReplyPlan;
  /** All of it has been relayed: whatever comes of its first client, those that read along have the whole. */
  readonly relayed: () => void;
  /** A conversation has begun. */
  readonly talks: (reply: ReplyHead) => void;
  readonly end: (thrown: unknown) => void;
}

const UNWATCHED: Departure = {
  outlivesClient: undefined,
  relays: (_reply, plan) => plan(),
  relayed: () => undefined,
  talks: () => undefined,
  end: () => undefined,
};

/** Leaves, or answers and gives undefined. Faults idempotency-conflict, cooling-down, breaker-open, rate-limited, client-gone, and what ended a shared reply. */
export async function depart(house: Conductor, x: Exchange): Promise<Departure | undefined> {
  const { route, line, notes } = x;
  if (route?.endpoint?.kind !== 'model') return UNWATCHED;
  const settings = x.policy.flowFor(x.connection.authority);
  const credential = credentialOf(x);
  const lead = await share(house, x, credential, settings.modes.idempotency);
  if (lead === 'answered') return undefined;
  let pass: Pass | undefined;
  try {
    const entry = await house.flow.enter({
      settings,
      host: hostOf(x),
      model: notes.askedModel,
      credential,
      tokens: promptTokens(notes.bodies?.received.length ?? 0),
      isBackground: isBackground(route.endpoint.name, line.head.target, notes.bodies?.received),
      signal: line.signal,
    });
    if (entry.kind === 'locked') {
      x.notes.fault = 'locked-out';
      line.answer(toldAgain(entry.reply));
      lead?.end(new Fault('locked-out'));
      return undefined;
    }
    pass = entry;
    notes.waitedMs = entry.waitedMs;
  } catch (thrown) {
    lead?.end(asFault(thrown));
    throw thrown;
  }
  return departed(x, pass, lead);
}

function departed(x: Exchange, pass: Pass, lead: Lead | undefined): Departure {
  if (lead) lead.onUnread = () => x.line.abandon();
  return {
    outlivesClient: lead?.isRead,
    talks: (reply) => void pass.replied(reply),
    relays(reply, plan) {
      const isWorthTelling = pass.replied(reply);
      const own = plan();
      const heard = isWorthTelling ? overheard(own, reply, (body, text) => pass.said(text, keptReply(reply, body))) : own;
      if (!lead) return heard;
      lead.begin(forOthers(reply));
      return taped(heard, (piece) => lead.push(piece));
    },
    relayed: () => lead?.end(undefined),
    end(thrown) {
      const fault = thrown === undefined ? undefined : asFault(thrown);
      pass.ended(fault, x.notes.usage.tokensIn);
      lead?.end(fault);
    },
  };
}

/** Joins the same request where it is under way; else it leads, where it is one that may be joined. */
async function share(house: Conductor, x: Exchange, credential: string, mode: Mode): Promise<Lead | 'answered' | undefined> {
  const { line, notes } = x;
  const body = notes.bodies?.received;
  if (mode === 'off' || !body || line.head.method !== 'POST') return undefined;
  const ask = {
    key: `POST ${hostOf(x)} ${line.head.target} ${credential} ${x.profile.name}`,
    body,
    idempotencyKey: firstValue(line.head.headers, 'idempotency-key'),
    isRetry: isRetry(line.head.headers),
  };
  if (mode === 'observe') {
    if (house.replies.wouldJoin(ask)) house.count('flow:would-join');
    return undefined;
  }
  const sharing = house.replies.board(ask);
  if (sharing.kind === 'leads') return sharing.lead;
  house.count('flow:joined');
  const { reader } = sharing;
  await line.answerAsItComes(await reader.head(line.signal), reader.pieces(line.signal));
  return 'answered';
}

function hostOf({ connection: { authority } }: Exchange): string {
  return `${authority.host}:${authority.port}`;
}

/** Tells credentials apart: a part of a hash of what the client sent for one. */
function credentialOf({ route, line: { head } }: Exchange): string {
  for (const { header, query } of route!.provider.auth) {
    const value = header === undefined ? queryValue(head.target, query!) : firstValue(head.headers, header);
    if (value !== undefined) return hash('sha256', `sallyport flow ${value}`).slice(0, 24);
  }
  return '';
}

function queryValue(target: string, name: string): string | undefined {
  const at = target.indexOf('?');
  return at < 0 ? undefined : (new URLSearchParams(target.slice(at + 1)).get(name) ?? undefined);
}

/** The head for another reader: framed anew, and without sums over bytes that may have been edited. */
function forOthers(reply: ReplyHead): ReplyHead {
  return { ...reply, headers: withoutDigests(withoutFraming(reply.headers)) };
}

function keptReply(reply: ReplyHead, body: Buffer): KeptReply {
  const { status, reason, headers } = forOthers(reply);
  return { status, reason, headers, body: body.toString('base64') };
}

function toldAgain({ status, reason, headers, body }: KeptReply): WholeReply {
  const bytes = Buffer.from(body, 'base64');
  return { head: { status, reason, headers: [...headers, 'content-length', String(bytes.length)] }, body: bytes };
}
