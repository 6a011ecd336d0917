// Follows the calls of tools through the events of a reply: where each begins, what it says piece by piece, where it is whole.
// It must not know what anybody thinks of a call, nor how events are framed.
import type { ToolCall } from '../guardrail.ts';
import { keyOf, type LooseObject, listOf, objectOf } from '../loose-json.ts';
import { findCalls, inputOf, isCall, toolOf } from './find.ts';

/** What an event means for the calls of its reply. */
export interface Step {
  /** Tools whose calls begin with it. */
  readonly begun: readonly string[];
  /** Calls that are whole with it. One may be told of several times, as often as the reply does. */
  readonly whole: readonly ToolCall[];
}

/** The calls of one reply. */
export interface CallFollower {
  step(event: unknown): Step;
  /** The reply has ended: what was never finished. */
  end(): readonly ToolCall[];
  /** Calls begun and not whole yet. */
  readonly open: readonly string[];
}

interface Open {
  tool: string;
  input: string;
}

/** `response.function_call_arguments.delta` and its like. */
const PIECE = /^response\.[a-z_]+_call_[a-z_]+\.(delta|done)$/;
/** Events after which no call is open. */
const OVER: ReadonlySet<unknown> = new Set(['message_stop', 'response.completed', 'response.incomplete', 'response.failed', 'error']);

/** A follower for one reply, or for all of a connection. */
export function createCallFollower(): CallFollower {
  const open = new Map<string, Open>();
  let begun: string[] = [];
  let whole: ToolCall[] = [];

  function begin(key: string, call: LooseObject): void {
    const tool = toolOf(call);
    const known = open.get(key);
    if (known) {
      if (known.tool === '' && tool !== '') {
        known.tool = tool;
        begun.push(tool);
      }
      known.input += inputOf(call);
      return;
    }
    open.set(key, { tool, input: inputOf(call) });
    begun.push(tool);
  }

  function append(key: string, text: unknown): void {
    const call = open.get(key);
    if (call && typeof text === 'string') call.input += text;
  }

  function finish(isOver: (key: string) => boolean): void {
    for (const [key, call] of open) {
      if (!isOver(key)) continue;
      open.delete(key);
      whole.push(call);
    }
  }

  /** Anthropic's blocks, and Converse's, whose type stands outside of the event. */
  function block(e: LooseObject): boolean {
    const index = e.index ?? e.contentBlockIndex;
    if (index === undefined || (e.contentBlockIndex === undefined && !keyOf(e.type).startsWith('content_block_'))) return false;
    const key = `block ${keyOf(index)}`;
    const started = objectOf(e.content_block) ?? objectOf(objectOf(e.start)?.toolUse);
    const delta = objectOf(e.delta);
    if (started && (isCall(started) || e.start !== undefined)) begin(key, started);
    else if (delta) append(key, delta.partial_json ?? objectOf(delta.toolUse)?.input);
    else if (!started) finish((own) => own === key);
    return true;
  }

  function responses(e: LooseObject): boolean {
    const key = `item ${keyOf(e.output_index ?? e.item_id)}`;
    const item = objectOf(e.item);
    if (e.type === 'response.output_item.added' && item) {
      if (isCall(item)) begin(key, item);
      return true;
    }
    const piece = PIECE.exec(keyOf(e.type));
    if (piece?.[1] === 'delta') append(key, e.delta);
    else if (e.type === 'response.output_item.done') open.delete(key);
    return piece !== null;
  }

  function chat(e: LooseObject): boolean {
    const choices = listOf(e.choices).map(objectOf);
    choices.forEach((choice, i) => {
      const delta = objectOf(choice?.delta);
      const at = `choice ${keyOf(choice?.index, i)}`;
      const old = objectOf(delta?.function_call);
      if (old) begin(`${at} old`, old);
      listOf(delta?.tool_calls).forEach((one, j) => {
        const call = objectOf(one);
        const what = objectOf(call?.function) ?? objectOf(call?.custom);
        if (what) begin(`${at} ${keyOf(call?.index, j)}`, what);
      });
      if (choice && typeof choice.finish_reason === 'string') finish((key) => key.startsWith(`${at} `));
    });
    return choices.some((choice) => choice?.delta !== undefined);
  }

  return {
    step(event) {
      begun = [];
      whole = [];
      const e = objectOf(event);
      if (!e || !(block(e) || responses(e) || chat(e))) whole.push(...findCalls(event));
      if (OVER.has(e?.type)) finish(() => true);
      return { begun, whole };
    },
    end() {
      whole = [];
      finish(() => true);
      return whole;
    },
    get open() {
      return [...open.values()].map(({ tool }) => tool);
    },
  };
}
