// Phase 7: fields of our hop are taken out and the key is put in, last, so that no guardrail ever sees it.
// It must not read a body.
import { Fault } from '../fault.ts';
import { type RawHeaders, type RequestHead, withoutDigests } from '../headers.ts';
import { carriesPlaceholder, injectKeys } from '../rules/inject.ts';
import { withoutOptOuts } from '../rules/opt-out.ts';
import type { InjectRule } from '../rules/policy.ts';
import type { Secret } from '../secret.ts';
import type { Inspection } from './body/inspect.ts';
import type { Exchange, OutgoingRequest } from './exchange.ts';
import { endToEnd, endToEndHttp2 } from './hop.ts';
import type { Conductor } from './house.ts';

/** The request as it will leave; a key may have to be fetched first. Faults key-missing, rule-denied (a placeholder on its way to a foreign host). */
export async function arm(house: Conductor, x: Exchange, found: Inspection): Promise<OutgoingRequest> {
  const isEdited = found.body.kind === 'whole' && found.body.changed;
  const own = withoutOptOuts(isEdited ? withoutDigests(found.head.headers) : found.head.headers);
  const stripped = strip(x, own.headers);
  if (own.count > 0) {
    x.notes.optOuts = own.count;
    house.count('guardrail:opt-out-refused');
  }
  const headers = await inject(house, x, found.head, stripped);
  const headChanged = headers !== x.line.head.headers || found.head.target !== x.line.head.target;
  const head = headChanged ? { ...found.head, headers } : x.line.head;
  x.notes.armedAt = performance.now();
  x.notes.sentHead = head;
  return { head, headChanged, body: found.body };
}

function strip(x: Exchange, headers: RawHeaders): RawHeaders {
  return x.line.protocol === 'http/1.1' ? endToEnd(headers, x.line.wantsWebSocket) : endToEndHttp2(headers);
}

async function inject(house: Conductor, x: Exchange, head: RequestHead, headers: RawHeaders): Promise<RawHeaders> {
  const { policy, connection, route } = x;
  if (policy.inject.length === 0) return headers;
  const { authority } = connection;
  carriesPlaceholder(head, policy.inject, authority);
  if (!route) return headers;
  const resolve = async (rule: InjectRule) => {
    const value = await keyFor(house, x, rule);
    x.notes.injected = [...x.notes.injected, { value, standIn: rule.replaces ?? '[redacted]' }];
    return value;
  };
  const facts = {
    tls: connection.scheme === 'https',
    verified: connection.scheme === 'https',
    // An address has no server name, and an absolute-form request no hello to carry one.
    named: connection.sni !== undefined || authority.kind !== 'name' || connection.isAbsolute === true,
    port: authority.port,
  };
  return injectKeys(route, { ...head, headers }, policy.injectFor(authority, x.profile.name), resolve, facts);
}

/** What goes wrong is for the log: where the user keeps keys is nothing that a client or a page in it needs to read. */
async function keyFor(house: Conductor, x: Exchange, rule: InjectRule): Promise<string> {
  const { host } = x.connection.authority;
  const missing = (cause?: unknown) => new Fault('key-missing', `header ${rule.header}`, { cause });
  let secret: Secret;
  try {
    secret = await house.options.resolveSecret(rule.value, host, x.line.signal);
  } catch (thrown) {
    throw thrown instanceof Fault ? missing(thrown) : thrown;
  }
  const value = secret.reveal(host);
  if (value === undefined) throw missing();
  return value;
}
