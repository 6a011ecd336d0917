// What phases 6 and 7 know of keys: the value of a rule, and the way it would take.
// Must not know where it is put.
import { Fault } from '../fault.ts';
import { type InjectFacts, placeOf } from '../rules/inject.ts';
import type { InjectRule } from '../rules/policy.ts';
import type { Secret } from '../secret.ts';
import type { ConnectionFacts, Exchange } from './exchange.ts';
import type { Conductor } from './house.ts';

/** What is known of the way to the upstream. */
export function injectFacts(connection: ConnectionFacts): InjectFacts {
  const { authority } = connection;
  return {
    tls: connection.scheme === 'https',
    verified: connection.scheme === 'https',
    // An address has no server name, and an absolute-form request no hello to carry one.
    named: connection.sni !== undefined || authority.kind !== 'name' || connection.isAbsolute === true,
    port: authority.port,
  };
}

/** The key of a rule. Fault key-missing: where the user keeps keys is nothing that a client or a page in it needs to read. */
export async function keyFor(house: Conductor, x: Exchange, rule: InjectRule): Promise<string> {
  const { host } = x.connection.authority;
  const missing = (cause?: unknown) => new Fault('key-missing', placeOf(rule), { cause });
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
