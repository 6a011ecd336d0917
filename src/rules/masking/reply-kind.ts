// Tells by its first bytes what a reply is that is not marked as a stream of events: JSON under any type has its values escaped, and
// events that come without their type are joined as others are. Only the few bytes that leave it open wait. It must not edit anything.
import type { StreamTransform } from './stream-transform.ts';

/** What a reply can turn out to be. */
export type ReplyKind = 'sse' | 'json' | 'text';

const EMPTY = Buffer.alloc(0);
const BOM = '\u00ef\u00bb\u00bf';
const LABEL = /^event:[^\r\n]*(?:\r\n|\r|\n)/;
const OPENINGS = ['data: {', 'data:{'];
/** The longest beginning that is waited for. */
const MAX_HEAD = 256;

/** A transform that is `open`ed for what the reply is; `named` is what its type says, which decides where the bytes do not. */
export function createByFirstBytes(named: 'json' | 'text', open: (kind: ReplyKind) => StreamTransform): StreamTransform {
  let head: Buffer = EMPTY;
  let chosen: StreamTransform | undefined;

  function choose(complete: boolean): Buffer {
    const kind = kindOf(head.toString('latin1', 0, MAX_HEAD), named, complete || head.length >= MAX_HEAD);
    if (!kind) return EMPTY;
    chosen = open(kind);
    return chosen.push(head);
  }

  return {
    push(chunk) {
      if (chosen) return chosen.push(chunk);
      // Before the first word: a mark of the encoding, or white space that keeps a connection alive.
      const blank = head.length === 0 ? blankBytes(chunk) : 0;
      const rest = chunk.subarray(blank);
      if (rest.length === 0) return chunk;
      head = head.length === 0 ? (blank === 0 ? chunk : rest) : Buffer.concat([head, rest]);
      const out = choose(false);
      return blank === 0 ? out : Buffer.concat([chunk.subarray(0, blank), out]);
    },
    end() {
      const out = chosen ? EMPTY : choose(true);
      const tail = chosen!.end();
      return out.length === 0 ? tail : Buffer.concat([out, tail]);
    },
    get restored() {
      return chosen?.restored ?? 0;
    },
  };
}

function blankBytes(chunk: Buffer): number {
  let i = chunk.toString('latin1', 0, BOM.length) === BOM ? BOM.length : 0;
  while (i < chunk.length && chunk[i]! <= 0x20) i++;
  return i;
}

function kindOf(head: string, named: 'json' | 'text', decide: boolean): ReplyKind | undefined {
  if (head[0] === '{' || head[0] === '[') return 'json';
  const rest = head.replace(LABEL, '');
  if (OPENINGS.some((opening) => rest.startsWith(opening))) return 'sse';
  const open = 'event:'.startsWith(head) || (rest === head && head.startsWith('event:')) || OPENINGS.some((o) => o.startsWith(rest));
  return open && !decide ? undefined : named;
}
