// Turns placeholders in one reply event back into values: an SSE event's data or a WebSocket message, JSON or not. Pieces of a
// longer text are joined by channel, and only what could still become a placeholder waits. It must not know how events are framed.

import type { Dialect, Piece } from '../provider.ts';
import { createCalls } from './calls.ts';
import type { EventEditor, Frame } from './frame.ts';
import { applyEdits, type Edit } from './mask.ts';
import { hasOpening, type Lookup, type Restored, standingIn, withValues } from './placeholder-shape.ts';
import type { ReturnSource } from './return-rules.ts';
import { latin1 } from './stream-transform.ts';
import { beginsDocument, escapeLevels, levelsOf } from './unescape.ts';
import { JsonWalk } from './walk.ts';

/** Restores the events of one reply in order. */
export interface EventRestorer extends EventEditor {
  /** Whether anything is held back. */
  readonly holding: boolean;
}

/** Text of a channel that could become a placeholder, and the event to send it in if no other comes. */
interface Held {
  readonly text: string;
  readonly raw: Buffer;
  readonly edits: readonly Edit[];
  readonly slot: Edit;
}

const NONE = Buffer.alloc(0);
/** The end of a chat stream. */
const DONE = '[DONE]';

/** A restorer for one reply, or for all of a connection. `answersJson`: the request last made asked the model for JSON. */
export function createEventRestorer(dialect: Dialect, placeholders: ReturnSource, answersJson: () => boolean): EventRestorer {
  const held = new Map<string, Held>();
  // By channel: whether an answer asked for in JSON is a document. A refusal is prose.
  const documents = new Map<string, boolean>();
  const calls = placeholders.asksForCalls ? createCalls() : undefined;
  let restored = 0;

  function flush(isOver: (channel: string) => boolean = () => true): Buffer[] {
    const out: Buffer[] = [];
    for (const [channel, { text, raw, edits, slot }] of held) {
      if (!isOver(channel)) continue;
      held.delete(channel);
      out.push(
        applyEdits(
          raw,
          [...edits, { ...slot, text }].sort((a, b) => a.start - b.start),
        ),
      );
    }
    return out;
  }

  function lookup(tool?: string): Lookup {
    return (placeholder) => placeholders.valueOf(placeholder, tool);
  }

  function restore(text: string, complete: boolean, levels: number, tool: string | undefined): Restored {
    const out = withValues(text, lookup(tool), complete, (value) => latin1(escapeLevels(value, levels)));
    restored += out.count;
    return out;
  }

  function isDocument(channel: string, head: string): boolean {
    const known = documents.get(channel);
    if (known !== undefined || head.trim() === '') return known ?? false;
    documents.set(channel, beginsDocument(head));
    return beginsDocument(head);
  }

  function plainEvent(frame: Frame): Buffer[] | undefined {
    const data = frame.data.toString('latin1');
    const before = data.trim() === DONE ? flush() : [];
    // What should have been a document may hold a call.
    const found = standingIn(data, lookup(calls && beginsDocument(data) ? '' : undefined));
    if (found.length === 0) return before.length === 0 ? undefined : [...before, frame.raw];
    restored += found.length;
    const edits = found.map(({ start, end, value }) => edit(frame, start, end, frame.plain(value)));
    return [...before, applyEdits(frame.raw, edits)];
  }

  function jsonEvent(frame: Frame, event: unknown, last: boolean): Buffer[] | undefined {
    const { data } = frame;
    const pieces = new Map(dialect.pieces(event).map((piece) => [piece.path.join('\0'), piece] as const));
    const ends = last ? 'all' : dialect.ends(event);
    const isOver = (channel: string) => ends === 'all' || ends.includes(channel);
    const edits: Edit[] = [];
    // By channel: where its last piece stands, and what of it waits.
    const slots = new Map<string, { readonly slot: Edit; readonly rest: string }>();
    const blanks: Edit[] = [];
    const walk = new JsonWalk();
    walk.wanted = -1;
    // Nothing to restore and nothing that could wait: only channels that end are of interest.
    const bytes = pieces.size > 0 || hasOpening(data.toString('latin1')) ? data : NONE;
    walk.push(bytes, 0, (start, end) => {
      const piece: Piece | undefined = pieces.size > 0 && !walk.atName ? pieces.get(walk.steps().join('\0')) : undefined;
      const text = data.toString('latin1', start, end);
      if (!piece && !hasOpening(text)) return;
      const path = walk.path();
      const head = walk.head();
      if (dialect.isOpaque(path, walk.type(), head)) return;
      const tool = calls?.toolAt(event, walk.steps());
      if (!piece) {
        const whole = restore(text, true, levelsOf(path.at(-1), head, answersJson()), tool);
        if (whole.text !== text) edits.push(edit(frame, start, end, whole.text));
        return;
      }
      const { channel } = piece;
      const waiting = slots.get(channel)?.rest ?? held.get(channel)?.text ?? '';
      const isJson = piece.nesting === 'json' || (piece.nesting === 'answer' && answersJson() && isDocument(channel, head));
      const joined = restore(waiting + text, isOver(channel), isJson ? 2 : 1, tool);
      if (joined.text !== text) edits.push(edit(frame, start, end, joined.text));
      const slot = edit(frame, start, end, '');
      blanks.push(slot);
      slots.set(channel, { slot, rest: joined.rest });
    });
    const before = flush((channel) => !slots.has(channel) && isOver(channel));
    for (const channel of documents.keys()) if (isOver(channel)) documents.delete(channel);
    const whole = edits.filter((own) => !blanks.some((blank) => blank.start === own.start));
    for (const [channel, { slot, rest }] of slots) {
      if (rest === '') held.delete(channel);
      else held.set(channel, { text: rest, raw: frame.again, edits: [...whole, ...blanks.filter((blank) => blank !== slot)], slot });
    }
    if (edits.length === 0) return before.length === 0 ? undefined : [...before, frame.raw];
    return [...before, applyEdits(frame.raw, edits)];
  }

  return {
    event(frame, last = false) {
      if (placeholders.size === 0 && held.size === 0 && !calls) return undefined;
      let event: unknown;
      try {
        event = JSON.parse(frame.data.toString());
      } catch {
        return plainEvent(frame);
      }
      calls?.note(event);
      return jsonEvent(frame, event, last);
    },
    flush: () => flush(),
    get holding() {
      return held.size > 0;
    },
    get attentive() {
      return held.size > 0 || calls !== undefined || answersJson();
    },
    get restored() {
      return restored;
    },
  };
}

function edit(frame: Frame, start: number, end: number, text: string): Edit {
  return { start: frame.rawOffset(start), end: frame.rawOffset(end), text, kind: 'restore' };
}
