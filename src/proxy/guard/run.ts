// Asks the guardrails about a body or a message that is whole. One that fails does what its `onFault` says, and is complained of once.
// It must not know which protocol carried the body, nor any guardrail.
import { Fault } from '../../fault.ts';
import { type ConversationReader, createConversationReader } from '../../rules/conversation/read.ts';
import type { Segment } from '../../rules/conversation/segment.ts';
import { type GuardedRequest, type Guardrail, type Hit, joinEdits, mergeVerdicts, PASS, type Verdict } from '../../rules/guardrail.ts';
import type { Edit } from '../../rules/masking/mask.ts';
import type { Policy } from '../../rules/policy.ts';
import type { Exchange } from '../exchange.ts';
import type { Conductor } from '../house.ts';

/** What is kept for the life of a policy. */
interface Memory {
  readonly reader: ConversationReader<Hit>;
  /** What was reported. */
  readonly said: WeakSet<Hit>;
  /** Guardrails that failed. */
  readonly failed: Set<string>;
}

const MAX_REMEMBERED_BYTES = 16 * 1024 * 1024;
const memories = new WeakMap<Policy, Memory>();

function memoryOf(policy: Policy): Memory {
  let memory = memories.get(policy);
  if (!memory) {
    memory = { reader: createConversationReader<Hit>(MAX_REMEMBERED_BYTES), said: new WeakSet(), failed: new Set() };
    memories.set(policy, memory);
  }
  return memory;
}

/** The edits of the masker and of the guardrails in one. Fault rule-denied where a guardrail refuses, or fails and must not. */
export function guardBody(house: Conductor, x: Exchange, bytes: Buffer, masked: readonly Edit[]): readonly Edit[] {
  const { guards } = x.policy;
  if (guards.length === 0) return masked;
  const memory = memoryOf(x.policy);
  const look = (segment: Segment) => lookAll(house, x, memory, segment);
  const reading = memory.reader.read(bytes, look);
  const request: GuardedRequest = { bytes, target: x.line.head.target, reading };
  const { edits, denied } = mergeVerdicts(guards.map((guard) => judged(house, x, memory, guard, () => guard.check(request), PASS)));
  if (denied) {
    house.count(`guardrail:${denied.rule}:deny`);
    throw new Fault('rule-denied', `${denied.rule}: ${denied.detail}`);
  }
  reading.keep();
  for (const edit of edits) x.notes.edits[edit.kind] = (x.notes.edits[edit.kind] ?? 0) + 1;
  return joinEdits([masked, edits]);
}

/** Hears which tools a reply on a WebSocket calls. */
export function hearReply(x: Exchange, event: Buffer): void {
  if (x.policy.guards.length > 0) memoryOf(x.policy).reader.hear(event);
}

function lookAll(house: Conductor, x: Exchange, memory: Memory, segment: Segment): Hit | undefined {
  for (const guard of x.policy.guards) {
    const hit = judged(house, x, memory, guard, () => guard.look?.(segment), undefined);
    if (!hit) continue;
    report(house, x, memory, hit);
    return hit;
  }
  return undefined;
}

/** Tells of a finding once: the same text comes back with every turn. */
function report(house: Conductor, x: Exchange, memory: Memory, hit: Hit): void {
  if (memory.said.has(hit)) return;
  memory.said.add(hit);
  house.count(`guardrail:${hit.guardrail}:${hit.action}`);
  const { action, ...finding } = hit;
  x.notes.findings.push(finding);
  const facts = { exchange: x.id, host: x.connection.authority.host, action, ...finding };
  if (action === 'count') house.log.debug(facts, 'a guardrail found something in what the user wrote');
  else house.log.warn(facts, 'a guardrail found something in what a tool brought');
}

function judged<T extends Verdict | Hit | undefined>(
  house: Conductor,
  x: Exchange,
  memory: Memory,
  guard: Guardrail,
  ask: () => T,
  pass: T,
): T {
  try {
    return ask();
  } catch (thrown) {
    house.count(`guardrail:${guard.name}:fault`);
    // Its message may hold what it was asked about.
    if (!memory.failed.has(guard.name)) {
      memory.failed.add(guard.name);
      house.log.error(
        { exchange: x.id, guardrail: guard.name, onFault: guard.onFault, reason: (thrown as Error).name },
        'a guardrail failed',
      );
    }
    if (guard.onFault === 'deny') throw new Fault('rule-denied', `the guardrail ${guard.name} failed`);
    return pass;
  }
}
