// Whose arguments a string of a reply is: the tool's name, found in the object round the string or learned from the event that opened the
// call. It covers every dialect, since their shapes do not collide. It must not decide anything about the string.
import { CALL_MEMBERS, isCall, toolOf } from '../calls/find.ts';
import { keyOf, type LooseObject, listOf, objectOf } from '../loose-json.ts';

/** Where a string stands in an event or document: member names and array indexes from the root. */
export type Steps = readonly (string | number)[];

/** The tools of the calls of one reply, learned from its events in order. */
export interface Calls {
  /** Learns from an event. */
  note(event: unknown): void;
  /** The tool in whose arguments the string at `steps` stands, '' where its name was never said; undefined: in no call. */
  toolAt(event: unknown, steps: Steps): string | undefined;
}

/** Events that carry pieces of a call, or all of its arguments: `response.function_call_arguments.delta`. */
const CALL_EVENT = /^response\.[a-z_]+_call(?:_[a-z_]+)?\.(?:delta|done)$/;
/** What a call gave, where a provider ran it. */
const RESULTS: ReadonlySet<unknown> = new Set(['output', 'outputs', 'result', 'results', 'error']);
/** More calls than a reply has. */
const MAX_CALLS = 1024;

/** An empty memory of calls. */
export function createCalls(): Calls {
  const names = new Map<string, string>();

  function learn(key: string, name: unknown): void {
    if (typeof name !== 'string' || name === '') return;
    if (names.size >= MAX_CALLS) names.clear();
    names.set(key, name);
  }

  return {
    note(event) {
      const e = objectOf(event);
      if (!e) return;
      const call = objectOf(e.content_block) ?? objectOf(e.item);
      if (call && isCall(call)) learn(keyAt(e, []), toolOf(call));
      learn(keyAt(e, []), objectOf(objectOf(e.start)?.toolUse)?.name);
      const choices = listOf(e.choices);
      for (let i = 0; i < choices.length; i++) {
        const delta = objectOf(objectOf(choices[i])?.delta);
        const calls = listOf(delta?.tool_calls);
        learn(keyAt(e, ['choices', i, 'delta', 'function_call']), objectOf(delta?.function_call)?.name);
        for (let j = 0; j < calls.length; j++) {
          const one = objectOf(calls[j]);
          learn(keyAt(e, ['choices', i, 'delta', 'tool_calls', j]), objectOf(one?.function)?.name ?? objectOf(one?.custom)?.name);
        }
      }
    },
    toolAt(event, steps) {
      const e = objectOf(event);
      if (typeof e?.type === 'string' && CALL_EVENT.test(e.type)) return said(e.name) ?? names.get(keyAt(e, steps)) ?? '';
      if (e?.type === 'content_block_delta' && steps[1] === 'partial_json') return names.get(keyAt(e, steps)) ?? '';
      let node = event;
      for (let i = 0; i < steps.length; i++) {
        const object = objectOf(node);
        const inCall = object !== undefined && (CALL_MEMBERS.has(steps[i - 1]) || isCall(object));
        if (inCall && !RESULTS.has(steps[i])) return said(toolOf(object)) ?? names.get(keyAt(e, steps)) ?? '';
        node = (node as { readonly [step: string | number]: unknown } | undefined)?.[steps[i]!];
      }
      return undefined;
    },
  };
}

function said(name: unknown): string | undefined {
  return typeof name === 'string' && name !== '' ? name : undefined;
}

/** By what the events of one call name it. */
function keyAt(e: LooseObject | undefined, steps: Steps): string {
  if (steps[0] === 'choices') {
    const choice = objectOf(listOf(e?.choices)[Number(steps[1])]);
    const call = objectOf(listOf(objectOf(choice?.delta)?.tool_calls)[Number(steps[4])]);
    return `choice:${keyOf(choice?.index, Number(steps[1]))}:${steps[3] === 'tool_calls' ? keyOf(call?.index, Number(steps[4])) : 'one'}`;
  }
  return keyOf(e?.output_index ?? e?.item_id ?? e?.index ?? e?.contentBlockIndex ?? '');
}
