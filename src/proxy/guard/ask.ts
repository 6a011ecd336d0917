// Asks the users' own guardrails about what is new in a body that is ready to leave. One that fails does what its `onFault` says, and is
// complained of once. It must not know how they run.
import { Fault } from '../../fault.ts';
import { type ConversationReader, createConversationReader } from '../../rules/conversation/read.ts';
import type { Policy } from '../../rules/policy.ts';
import { recordable } from '../../rules/recordable.ts';
import type { Exchange } from '../exchange.ts';
import type { Conductor } from '../house.ts';
import { type OwnGuardrail, type OwnVerdict, openOwnGuardrail } from './own.ts';

interface Own {
  readonly policy: Policy;
  readonly guardrails: readonly OwnGuardrail[];
  readonly reader: ConversationReader<never>;
  readonly failed: Set<string>;
}

const MAX_REMEMBERED_BYTES = 16 * 1024 * 1024;
const opened = new WeakMap<Policy, Own>();
/** By daemon the newest: the modules of the one before end when nobody asks them any more. */
const newest = new WeakMap<Conductor['options'], Own>();

function ownOf(house: Conductor, policy: Policy): Own {
  let own = opened.get(policy);
  if (own) return own;
  const settings = (policy.guardrails?.own ?? []).toSorted((a, b) => a.rank - b.rank);
  own = {
    policy,
    guardrails: settings.map(openOwnGuardrail),
    reader: createConversationReader<never>(MAX_REMEMBERED_BYTES),
    failed: new Set(),
  };
  opened.set(policy, own);
  for (const guardrail of newest.get(house.options)?.guardrails ?? []) guardrail.retire();
  newest.set(house.options, own);
  return own;
}

/** Resolves where the body may leave. Fault rule-denied where a guardrail refuses, or fails and must not. */
export async function askOwn(house: Conductor, x: Exchange, bytes: Buffer): Promise<void> {
  const own = ownOf(house, x.policy);
  if (own.guardrails.length === 0) return;
  const reading = own.reader.read(bytes, () => undefined);
  const segments = reading.fresh.map(({ provenance, tool, text }) => ({ provenance, tool, text }));
  const facts = { provider: x.route?.provider.name ?? '', endpoint: x.route?.endpoint?.name ?? '', host: x.connection.authority.host };
  for (const guardrail of own.guardrails) {
    const { name } = guardrail.settings;
    const said = await guardrail
      .ask({ stage: 'body', ...facts, segments })
      .catch((thrown: Error) => failed(house, x, own, guardrail, thrown));
    if (said.action === 'pass') continue;
    house.count(`guardrail:${name}:${said.action}`);
    x.notes.findings.push({ guardrail: name, rule: name });
    const reason = said.reason === undefined ? undefined : recordable(said.reason, x.policy.inject);
    house.log.warn(
      { exchange: x.id, host: facts.host, guardrail: name, action: said.action, reason },
      'a guardrail of your own has something to say',
    );
    if (said.action === 'deny') throw new Fault('rule-denied', `the guardrail ${name} refuses it`);
  }
  // What was refused is asked about again when it comes again.
  reading.keep();
}

/** For a message of a WebSocket, which cannot wait for an answer. Fault rule-denied where a guardrail must be asked. */
export function skipOwn(house: Conductor, x: Exchange): void {
  const own = ownOf(house, x.policy);
  for (const guardrail of own.guardrails) failed(house, x, own, guardrail, new Error('a WebSocket cannot wait for it'));
}

function failed(house: Conductor, x: Exchange, own: Own, { settings }: OwnGuardrail, thrown: Error): OwnVerdict {
  const { name, onFault } = settings;
  house.count(`guardrail:${name}:fault`);
  if (!own.failed.has(name)) {
    own.failed.add(name);
    house.log.error({ exchange: x.id, guardrail: name, onFault, reason: thrown.message }, 'a guardrail of your own failed');
  }
  if (onFault === 'deny') throw new Fault('rule-denied', `the guardrail ${name} failed`);
  return { action: 'pass' };
}
