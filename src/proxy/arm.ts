// Phase 7: fields of our hop are taken out and the key is put in, last, so that no guardrail ever sees it; what was signed is then signed
// anew. It must not read a body.
import { joinedValue, type RawHeaders, type RequestHead, withoutDigests } from '../headers.ts';
import { carriesKey, carriesPlaceholder } from '../rules/foreign-keys.ts';
import { type Injection, injectIntoBody, injectIntoTarget, injectKeys } from '../rules/inject.ts';
import { withoutOptOuts } from '../rules/opt-out.ts';
import type { InjectRule } from '../rules/policy.ts';
import type { Inspection } from './body/inspect.ts';
import type { Exchange, OutgoingRequest } from './exchange.ts';
import { endToEnd, endToEndHttp2 } from './hop.ts';
import type { Conductor } from './house.ts';
import { injectFacts, keyFor } from './keys.ts';
import { refuseBroken, signRequest } from './sign.ts';

/** The request as it will leave; a key may have to be fetched first. Faults key-missing, rule-denied (a key or what stands for it on its way to a foreign host). */
export async function arm(house: Conductor, x: Exchange, found: Inspection): Promise<OutgoingRequest> {
  const isEdited = found.body.kind === 'whole' && found.body.changed;
  const own = withoutOptOuts(isEdited ? withoutDigests(found.head.headers) : found.head.headers);
  const stripped = strip(x, own.headers);
  if (own.count > 0) {
    x.notes.optOuts = own.count;
    house.count('guardrail:opt-out-refused');
  }
  refuseForeign(house, x);
  const injection = injectionFor(house, x, { ...found.head, headers: stripped });
  const target = injection ? await injectIntoTarget(injection) : found.head.target;
  const body = injection ? await armedBody(injection, found.body) : found.body;
  const keyed = injection ? await injectKeys(injection) : stripped;
  const edited = body === found.body ? keyed : withoutDigests(keyed);
  refuseBroken(x, { ...found.head, headers: edited, target }, body);
  const isOther = own.headers !== x.line.head.headers || target !== x.line.head.target || (body.kind === 'whole' && body.changed);
  const headers = x.signer ? signRequest(x, x.signer, { ...found.head, headers: edited, target }, body, isOther) : edited;
  const headChanged = headers !== x.line.head.headers || target !== x.line.head.target;
  const head = headChanged ? { ...found.head, headers, target } : x.line.head;
  x.notes.marks.arm = performance.now();
  x.notes.sentHead = head;
  return { head, headChanged, body };
}

function strip(x: Exchange, headers: RawHeaders): RawHeaders {
  return x.line.protocol === 'http/1.1' ? endToEnd(headers, x.line.wantsWebSocket) : endToEndHttp2(headers);
}

/** A key of the vault leaves for no other host, whoever put it there: asked of the head as it came, for a masked one hides that it was there. */
function refuseForeign(house: Conductor, { policy, line, connection: { authority } }: Exchange): void {
  carriesPlaceholder(line.head, policy.inject, authority);
  carriesKey(line.head, house.options.vaultKeys?.() ?? [], authority);
}

function injectionFor(house: Conductor, x: Exchange, head: RequestHead): Injection | undefined {
  const { policy, connection, route } = x;
  const rules = policy.injectFor(connection.authority, x.profile);
  if (rules.length === 0 || !route) return undefined;
  const resolve = async (rule: InjectRule) => {
    const value = await keyFor(house, x, rule);
    x.notes.injected = [...x.notes.injected, { value, standIn: rule.replaces ?? '[redacted]' }];
    return value;
  };
  return { route, head, rules, resolve, facts: injectFacts(connection) };
}

/** A body that is on its way already is not armed: the failure is then a harmless 401. */
async function armedBody(injection: Injection, body: OutgoingRequest['body']): Promise<OutgoingRequest['body']> {
  if (body.kind !== 'whole' || !injection.rules.some(({ json }) => json !== undefined)) return body;
  if (joinedValue(injection.head.headers, 'content-encoding') !== undefined) return body;
  const bytes = await injectIntoBody(injection, body.bytes);
  return bytes === body.bytes ? body : { ...body, bytes, changed: true };
}
