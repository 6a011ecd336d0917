// What phases 6 and 7 know of keys: the value of a rule, the way it would take, and that no body takes one elsewhere.
// Must not know where it is put.
import { Fault } from '../fault.ts';
import { bodyCarriesKey } from '../rules/foreign-keys.ts';
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

/** A body or message as it would leave, without its content coding, goes to no host with a key for another. Fault rule-denied. */
export function refuseForeignBody(house: Conductor, { policy, connection: { authority } }: Exchange, bytes: Buffer): void {
  bodyCarriesKey(bytes, policy.inject, house.options.vaultKeys?.() ?? [], authority);
}
