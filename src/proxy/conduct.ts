// Phases 4 to 10 of one exchange, in order, and the last one always. It drives a Line and asks the rules; it opens no
// socket and parses no byte itself.
import { asFault, CLIENT_GONE, Fault } from '../fault.ts';
import { allValues, firstValue, type ReplyHead } from '../headers.ts';
import { opaque } from '../rules/dialects/opaque.ts';
import { createScrubber, type Scrubber } from '../rules/masking/scrub.ts';
import { DEFAULT_PROFILE } from '../rules/profile.ts';
import type { Provider } from '../rules/provider.ts';
import { checkAgreement, routeOf } from '../rules/route.ts';
import { NO_USAGE } from '../rules/usage.ts';
import { arm } from './arm.ts';
import { beginCapture } from './body/capture.ts';
import { hashBodies } from './body/hashes.ts';
import { inspect } from './body/inspect.ts';
import { messagePlan } from './body/messages.ts';
import { boardRefresh, keptPlan } from './body/refresh.ts';
import { replyPlan } from './body/restore-reply.ts';
import { admitWithin } from './budgets.ts';
import { complain } from './complain.ts';
import { type Departure, depart } from './depart.ts';
import type { ConnectionFacts, Exchange, Line, Notes, PhaseMarks, WholeReply } from './exchange.ts';
import type { Conductor } from './house.ts';
import { record } from './record.ts';
import type { Boarding } from './refresh-flights.ts';
import { signerFor } from './sign.ts';

/** Conducts one exchange from its head to its record. Never throws: a failure is answered or cut by the line. */
export async function conduct(house: Conductor, line: Line, connection: ConnectionFacts, provider: Provider | undefined): Promise<void> {
  const x = begin(house, line, connection);
  let flight: Boarding | undefined;
  let shared: WholeReply | undefined;
  let departure: Departure | undefined;
  let failure: unknown;
  try {
    read(x, provider);
    mark(x, 'read');
    admit(house, x);
    mark(x, 'admit');
    x.signer = await signerFor(house, x);
    const found = await inspect(house, x);
    mark(x, 'inspect');
    flight = await boardRefresh(house, x);
    if (flight?.kind === 'joins') return line.answer(flight.reply);
    departure = await depart(house, x);
    if (!departure) return;
    const out = await arm(house, x, found);
    const isShared = flight?.kind === 'leads';
    const outlivesClient = isShared ? () => true : departure.outlivesClient;
    await line.send(outlivesClient ? { ...out, outlivesClient } : out);
    mark(x, 'send');
    hashBodies(x.notes);
    if (!isShared) {
      await relay(house, x, departure);
      if (departure.outlivesClient && line.signal.aborted) throw CLIENT_GONE;
      return;
    }
    shared = await relayKept(x);
    if (line.signal.aborted) throw CLIENT_GONE;
  } catch (thrown) {
    const fault = line.signal.aborted ? new Fault('client-gone', undefined, { cause: thrown }) : asFault(thrown);
    failure = fault;
    x.notes.fault = fault.code;
    x.notes.faultCause = fault.cause;
    if (fault.source === 'rule') x.notes.verdict = 'deny';
    line.fail(fault, x.route?.dialect ?? provider?.fallback ?? opaque, x.id);
    complain(house.log, { exchange: x.id, host: connection.authority.host }, fault);
  } finally {
    if (flight?.kind === 'leads') flight.end(shared);
    departure?.end(failure);
    hashBodies(x.notes);
    record(house, x);
  }
}

function begin(house: Conductor, line: Line, connection: ConnectionFacts): Exchange {
  const notes: Notes = {
    verdict: 'pass',
    edits: {},
    rules: {},
    restored: 0,
    findings: [],
    optOuts: 0,
    fault: undefined,
    faultCause: undefined,
    marks: { read: undefined, admit: undefined, inspect: undefined, arm: undefined, send: undefined, reply: undefined },
    waitedMs: 0,
    webSocket: false,
    askedModel: '',
    usage: NO_USAGE,
    answersJson: false,
    refreshKey: undefined,
    injected: [],
    sentHead: undefined,
    bodies: undefined,
    bodyHashIn: undefined,
    bodyHashOut: undefined,
    clockAheadMs: undefined,
  };
  const profile = house.options.profile(connection.profile) ?? { ...DEFAULT_PROFILE, name: connection.profile, vault: [] };
  connection.program?.ask();
  const startedAtMs = house.options.now();
  return {
    id: house.nextId(),
    startedAtMs,
    t0: performance.now(),
    connection,
    profile,
    policy: house.options.policy(),
    line,
    route: undefined,
    signer: undefined,
    heard: beginCapture({ profile }, startedAtMs),
    notes,
  };
}

/** Phase 7 marks its own end, and 9 has none: that is the end of the exchange. */
function mark(x: Exchange, phase: keyof PhaseMarks): void {
  x.notes.marks[phase] = performance.now();
}

/** Phase 4: the request names the host the connection was opened for; provider and endpoint are found. */
function read(x: Exchange, provider: Provider | undefined): void {
  const { authority, sni } = x.connection;
  const { head } = x.line;
  // HTTP/1.0 alone may leave Host out (RFC 9112 3.2): then the connection says who is meant, and such a request is given no key.
  if (head.authority !== '' || x.line.protocol === 'h2') checkAgreement(authority, sni, head.authority);
  // HTTP/2 can carry a Host beside :authority (RFC 9113 8.3.1), and some servers believe that one.
  for (const host of x.line.protocol === 'h2' ? allValues(head.headers, 'host') : []) checkAgreement(authority, sni, host);
  if (provider) x.route = routeOf(authority, provider, x.line.head);
}

/** Phase 5: what can be refused by the head alone. */
function admit(house: Conductor, x: Exchange): void {
  x.connection.recheck();
  if (house.draining()) throw new Fault('draining');
  if (x.profile.log !== 'none' && house.options.refusesUnrecorded?.()) throw new Fault('audit-failing');
  if (x.line.head.method === 'CONNECT' && !x.line.wantsWebSocket) throw new Fault('bad-request', 'CONNECT inside a tunnel');
  admitWithin(house, x);
}

/** Phase 9: the reply, restored where values were masked. */
async function relay(house: Conductor, x: Exchange, departure: Departure): Promise<void> {
  const scrub = createScrubber(x.notes.injected);
  const reply = scrubHead(await x.line.receive(), scrub);
  mark(x, 'reply');
  x.notes.clockAheadMs = clockAhead(reply, house.options.now());
  if (reply.status === 101 || (x.line.protocol === 'h2' && x.line.wantsWebSocket && reply.status === 200)) {
    x.notes.webSocket = true;
    departure.talks(reply);
    await x.line.relayMessages(reply, messagePlan(house, x, scrub));
    return;
  }
  const plan = departure.relays(reply, () => replyPlan(house, x, reply, scrub));
  try {
    await x.line.relay(reply, plan);
    departure.relayed();
  } finally {
    await plan.settle?.();
  }
}

/** By the reply's Date (RFC 9110 6.6.1), which tells nothing where the reply lay in a cache. */
function clockAhead({ headers }: ReplyHead, nowMs: number): number | undefined {
  const date = Date.parse(firstValue(headers, 'date') ?? '');
  return Number.isNaN(date) || firstValue(headers, 'age') !== undefined ? undefined : date - nowMs;
}

/** The same for an answer that others wait for. */
async function relayKept(x: Exchange): Promise<WholeReply | undefined> {
  const reply = await x.line.receive();
  mark(x, 'reply');
  const plan = keptPlan(reply);
  await x.line.relay(reply, plan);
  return plan.kept();
}

/** No credential that was put in comes back in a field. */
function scrubHead(reply: ReplyHead, scrub: Scrubber | undefined): ReplyHead {
  if (!scrub) return reply;
  const headers = reply.headers.map((text, i) => (i % 2 === 1 ? scrub.text(text) : text));
  const reason = scrub.text(reply.reason);
  const isSame = reason === reply.reason && headers.every((text, i) => text === reply.headers[i]);
  return isSame ? reply : { ...reply, headers, reason, isEdited: true };
}
