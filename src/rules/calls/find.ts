// Calls of tools that stand whole in a document: a reply, or an event that repeats or finishes one. It covers every dialect, since
// their shapes do not collide. It must not know what anybody thinks of a call.
import type { ToolCall } from '../guardrail.ts';
import { keyOf, type LooseObject, objectOf } from '../loose-json.ts';

/** `tool_use`, `mcp_tool_use`, `function_call`, `local_shell_call`. */
const CALL_TYPE = /_(?:use|call)$/;
/** Members that hold a call whatever stands in it: chat, its predecessor, Gemini, Converse. */
export const CALL_MEMBERS: ReadonlySet<unknown> = new Set(['function', 'custom', 'function_call', 'functionCall', 'toolUse']);
/** Where a call says what it wants, most telling first. */
const INPUTS = ['arguments', 'input', 'args', 'action', 'code', 'queries'] as const;

/** Whether an object is a call by its type. */
export function isCall(object: LooseObject): boolean {
  return typeof object.type === 'string' && CALL_TYPE.test(object.type);
}

/** The tool of a call. One without a name is called as its type says; '' for those whose name comes later. */
export function toolOf(call: LooseObject): string {
  if (typeof call.name === 'string') return call.name;
  const type = isCall(call) ? keyOf(call.type).replace(CALL_TYPE, '') : '';
  return type === 'function' || type === 'tool' ? '' : type;
}

/** What a call says, as text; '' while it says nothing. */
export function inputOf(call: LooseObject): string {
  for (const name of INPUTS) {
    const value = call[name];
    if (typeof value === 'string') return value;
    if (value !== undefined && value !== null && JSON.stringify(value) !== '{}') return JSON.stringify(value);
  }
  return '';
}

/** Every call at or below a value, in order. */
export function findCalls(value: unknown): ToolCall[] {
  const out: ToolCall[] = [];
  const open: { readonly value: unknown; readonly name: string }[] = [{ value, name: '' }];
  for (let next = open.pop(); next; next = open.pop()) {
    const { value: node, name } = next;
    const object = objectOf(node);
    if (object && (isCall(object) || (CALL_MEMBERS.has(name) && INPUTS.some((input) => input in object)))) {
      out.push({ tool: toolOf(object), input: inputOf(object) });
      continue;
    }
    const members: [string, unknown][] = Array.isArray(node) ? node.map((one) => ['', one]) : Object.entries(object ?? {});
    for (const [member, below] of members.reverse()) if (typeof below === 'object') open.push({ value: below, name: member });
  }
  return out;
}
