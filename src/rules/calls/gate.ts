// Lets the events of a reply pass while nobody waits for a call of a tool to be whole: those that belong to it, and all behind them, stay
// back until it was judged. It must not know who judges, nor how events are framed.
import type { ToolCall } from '../guardrail.ts';
import type { EventEditor, Frame } from '../masking/frame.ts';
import type { StreamTransform } from '../masking/stream-transform.ts';
import { createCallFollower } from './follow.ts';

/** Who judges. Both may throw, which ends the reply. */
export interface CallJudge {
  /** Whether a call may be kept from the client: then nothing of a document passes before it was judged. */
  readonly holds: boolean;
  /** Whether calls of this tool stay back until they are whole. */
  waitsFor(tool: string): boolean;
  judge(call: ToolCall): void;
  /** The reply cannot be read. */
  unreadable(): void;
}

/** A gate for the events of one reply, or for all of a connection. More than `maxBytes` are not held back. */
export function createCallGate(judge: CallJudge, maxBytes: number): EventEditor {
  const calls = createCallFollower();
  let held: Buffer[] = [];
  let size = 0;

  function release(): Buffer[] {
    const out = held;
    held = [];
    size = 0;
    return out;
  }

  return {
    event({ raw, data }: Frame) {
      const event = parsed(data);
      const { begun, whole } = calls.step(event);
      for (const tool of begun) judge.waitsFor(tool);
      for (const call of whole) judge.judge(call);
      const waits = calls.open.some((tool) => judge.waitsFor(tool));
      if (held.length === 0 && !waits) return undefined;
      held.push(raw);
      size += raw.length;
      if (size > maxBytes) judge.unreadable();
      return waits ? [] : release();
    },
    flush() {
      for (const call of calls.end()) judge.judge(call);
      return release();
    },
    attentive: true,
    restored: 0,
  };
}

/** A gate for a document: where calls may be kept from the client all of it is read before any of it passes. */
export function createDocumentGate(judge: CallJudge, maxBytes: number): StreamTransform {
  let held: Buffer[] = [];
  let size = 0;
  return {
    push(chunk) {
      held.push(chunk);
      size += chunk.length;
      if (size > maxBytes) judge.unreadable();
      return judge.holds ? NOTHING : chunk;
    },
    end() {
      const bytes = Buffer.concat(held);
      held = [];
      judgeDocument(judge, bytes);
      return judge.holds ? bytes : NOTHING;
    },
    restored: 0,
  };
}

/** Judges the calls of a document, or of several in a row. */
function judgeDocument(judge: CallJudge, bytes: Buffer): void {
  const calls = createCallFollower();
  const documents =
    parsed(bytes) ??
    bytes
      .toString()
      .split('\n')
      .map((line) => parsed(Buffer.from(line)));
  for (const call of calls.step(documents).whole) judge.judge(call);
}

const NOTHING = Buffer.alloc(0);

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8').replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
}
