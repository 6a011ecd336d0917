// Asks the guardrails about a body or a message that is whole. One that fails or is late does what its `onFault` says, and is complained
// of once. It must not know which protocol carried the body, nor any guardrail.
import { Fault } from '../../fault.ts';
import { type ConversationReader, createConversationReader } from '../../rules/conversation/read.ts';
import type { Segment } from '../../rules/conversation/segment.ts';
import {
  type BodyGuardrail,
  type Finding,
  type GuardedRequest,
  type Guardrail,
  type Hit,
  mergeVerdicts,
  PASS,
  type ReplyGuardrail,
} from '../../rules/guardrail.ts';
import type { Edit } from '../../rules/masking/mask.ts';
import type { Policy } from '../../rules/policy.ts';
import type { Route } from '../../rules/provider.ts';
import type { Exchange } from '../exchange.ts';
import type { Conductor } from '../house.ts';

/** What is kept for the life of a policy. */
interface Memory {
  readonly body: readonly BodyGuardrail[];
  readonly reply: readonly ReplyGuardrail[];
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
    memory = {
      body: policy.guards.filter((guard) => guard.stage === 'body'),
      reply: policy.guards.filter((guard) => guard.stage === 'reply'),
      reader: createConversationReader<Hit>(MAX_REMEMBERED_BYTES),
      said: new WeakSet(),
      failed: new Set(),
    };
    memories.set(policy, memory);
  }
  return memory;
}

/** Whether bodies that are no text must be there whole, too. */
export function readsMedia({ policy }: Exchange): boolean {
  return memoryOf(policy).body.some((guard) => guard.readsMedia === true);
}

/** The guardrails that judge replies. */
export function replyGuards({ policy }: Exchange): readonly ReplyGuardrail[] {
  return memoryOf(policy).reply;
}

/** The edits that guardrails ask for in a body. Fault rule-denied where one refuses, or fails and must not. */
export function guardBody(house: Conductor, x: Exchange, route: Route, bytes: Buffer, mayEdit: () => boolean): readonly Edit[] {
  const memory = memoryOf(x.policy);
  if (memory.body.length === 0) return [];
  const look = (segment: Segment) => lookAll(house, x, memory, segment);
  const reading = memory.reader.read(bytes, look);
  const { target, headers } = x.line.head;
  const request: GuardedRequest = { bytes, target, headers, dialect: route.dialect, reading, mayEdit };
  const { edits, denied } = mergeVerdicts(memory.body.map((guard) => asked(house, x, guard, () => guard.check(request), PASS)));
  if (denied) refuse(house, denied);
  reading.keep();
  return edits;
}

/** Ends the exchange as a guardrail wants it. */
export function refuse(house: Conductor, { rule, detail }: { readonly rule: string; readonly detail: string }): never {
  house.count(`guardrail:${rule}:deny`);
  throw new Fault('rule-denied', `${rule}: ${detail}`);
}

/** Hears which tools a reply on a WebSocket calls. */
export function hearReply(x: Exchange, event: Buffer): void {
  const { body, reader } = memoryOf(x.policy);
  if (body.length > 0) reader.hear(event);
}

function lookAll(house: Conductor, x: Exchange, memory: Memory, segment: Segment): Hit | undefined {
  for (const guard of memory.body) {
    const hit = asked(house, x, guard, () => guard.look?.(segment), undefined);
    if (!hit) continue;
    // The same text comes back with every turn.
    if (!memory.said.has(hit)) {
      memory.said.add(hit);
      const { action, ...finding } = hit;
      report(house, x, finding, action, action === 'count' ? 'in what the user wrote' : 'in what a tool brought');
    }
    return hit;
  }
  return undefined;
}

/** Tells of a finding. */
export function report(house: Conductor, x: Exchange, finding: Finding, action: Hit['action'], where: string): void {
  house.count(`guardrail:${finding.guardrail}:${action}`);
  x.notes.findings.push(finding);
  const facts = { exchange: x.id, host: x.connection.authority.host, action, ...finding };
  house.log[action === 'count' ? 'debug' : 'warn'](facts, `a guardrail found something ${where}`);
}

/** What a guardrail answers; `pass` where it fails or is late and may. */
export function asked<T>(house: Conductor, x: Exchange, guard: Guardrail, ask: () => T, pass: T): T {
  const { failed } = memoryOf(x.policy);
  const begin = performance.now();
  let reason = 'it was late';
  try {
    const answer = ask();
    if (performance.now() - begin <= guard.deadlineMs) return answer;
  } catch (thrown) {
    // Its message may hold what it was asked about.
    reason = (thrown as Error).name;
  }
  house.count(`guardrail:${guard.name}:fault`);
  if (!failed.has(guard.name)) {
    failed.add(guard.name);
    house.log.error({ exchange: x.id, guardrail: guard.name, onFault: guard.onFault, reason }, 'a guardrail failed');
  }
  if (guard.onFault === 'deny') throw new Fault('rule-denied', `the guardrail ${guard.name} failed`);
  return pass;
}
