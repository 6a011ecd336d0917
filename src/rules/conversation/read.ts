// Reads the conversations in request bodies so that the next turn costs what is new in it: elements of a list that begins like one
// read before are not looked at again, and what was found in them is kept. It must not know what is looked for.
import { type LooseObject, objectOf } from '../loose-json.ts';
import { readContent } from './contents.ts';
import { readItem } from './input.ts';
import { findLists, type MessageList, nextElement } from './lists.ts';
import { createLru } from './lru.ts';
import { readMessage } from './messages.ts';
import type { ElementReader, Segment } from './segment.ts';

/** Something found in a segment, and where in the body its element stands. */
export interface Placed<T> {
  readonly found: T;
  readonly segment: Segment;
  /** The bytes of the element. */
  readonly start: number;
  readonly end: number;
}

/** What one body holds. */
export interface Reading<T> {
  /** Texts that were not in a body kept before. */
  readonly fresh: readonly Segment[];
  /** All that was found, in what was kept too. */
  readonly found: readonly Placed<T>[];
  /** Remembers the body: its elements are not looked at again. */
  keep(): void;
}

/** Reads bodies, and remembers those of late. */
export interface ConversationReader<T> {
  /** `look` sees each fresh segment. What is no JSON holds nothing. */
  read(bytes: Buffer, look: (segment: Segment) => T | undefined): Reading<T>;
  /** Notes which tool an event of a reply calls: a client on a WebSocket sends what the tool gave, and not the call again. */
  hear(event: Buffer): void;
}

interface Element<T> {
  readonly start: number;
  readonly end: number;
  readonly found: readonly { readonly found: T; readonly segment: Segment }[];
}

/** One list: its bytes from behind the bracket, and its elements with offsets from there. */
interface ReadList<T> {
  readonly member: string;
  readonly bytes: Buffer;
  readonly elements: readonly Element<T>[];
}

const READERS: Readonly<Record<string, ElementReader>> = { messages: readMessage, input: readItem, contents: readContent };
/** The event that carries a finished call, and how far in its type stands. */
const ITEM_DONE = 'response.output_item.done';
const TYPE_WITHIN = 200;
const MAX_NAMES = 10_000;
const MAX_NAME = 128;
const MAX_LISTS = 16;

/** A reader that keeps at most `maxBytes` of lists. */
export function createConversationReader<T>(maxBytes: number): ConversationReader<T> {
  const names = createLru<string>(MAX_NAMES);
  const toolNames = {
    get: (id: unknown) => (typeof id === 'string' ? names.get(id) : undefined),
    set: (id: unknown, name: unknown) => {
      if (typeof id === 'string' && id.length <= MAX_NAME && typeof name === 'string') names.set(id, name.slice(0, MAX_NAME));
    },
  };
  // The newest first.
  let kept: ReadList<T>[] = [];

  function keep(lists: readonly ReadList<T>[], extended: ReadonlySet<ReadList<T>>): void {
    let size = 0;
    kept = [...lists, ...kept.filter((list) => !extended.has(list))].slice(0, MAX_LISTS).filter((list) => {
      size += list.bytes.length;
      return size <= maxBytes;
    });
  }

  return {
    hear(event) {
      if (!event.subarray(0, TYPE_WITHIN).includes(ITEM_DONE)) return;
      const item = objectOf(parsed(event.toString())?.item);
      if (item) readItem(item, toolNames);
    },
    read(bytes, look) {
      const fresh: Segment[] = [];
      const found: Placed<T>[] = [];
      const lists: ReadList<T>[] = [];
      const extended = new Set<ReadList<T>>();

      const readList = ({ member, start }: MessageList): number => {
        const body = bytes.subarray(start);
        const known = longest(kept, member, body);
        const elements = known ? known.elements.slice() : [];
        if (known && elements.length === known.list.elements.length) extended.add(known.list);
        let at = elements.at(-1)?.end ?? 0;
        for (;;) {
          const next = nextElement(body, at);
          if (!next) return -1;
          at = next.end;
          if (next.isLast) break;
          elements.push(readElement(member, body, next.start, next.end));
        }
        for (const element of elements) {
          for (const one of element.found) found.push({ ...one, start: start + element.start, end: start + element.end });
        }
        lists.push({ member, bytes: Buffer.from(body.subarray(0, at)), elements });
        return start + at;
      };

      const readElement = (member: string, body: Buffer, start: number, end: number): Element<T> => {
        const value = parsed(body.toString('utf8', start, end));
        const segments = value ? READERS[member]!(value, toolNames) : [];
        const hits = [];
        for (const segment of segments) {
          fresh.push(segment);
          const hit = look(segment);
          if (hit !== undefined) hits.push({ found: hit, segment: { ...segment, text: '' } });
        }
        return { start, end, found: hits };
      };

      findLists(bytes, readList);
      return { fresh, found, keep: () => keep(lists, extended) };
    },
  };
}

function parsed(text: string): LooseObject | undefined {
  try {
    return objectOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Of the lists kept the one of which most elements stand at the beginning of this one. */
function longest<T>(
  kept: readonly ReadList<T>[],
  member: string,
  body: Buffer,
): { readonly list: ReadList<T>; readonly elements: readonly Element<T>[] } | undefined {
  let best: { readonly list: ReadList<T>; readonly elements: readonly Element<T>[] } | undefined;
  for (const list of kept) {
    if (list.member !== member) continue;
    const same = commonLength(list.bytes, body);
    const elements = list.elements.slice(0, countUpTo(list.elements, same));
    if (elements.length > (best?.elements.length ?? 0)) best = { list, elements };
  }
  return best;
}

function countUpTo<T>(elements: readonly Element<T>[], offset: number): number {
  let low = 0;
  let high = elements.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (elements[middle]!.end <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How many bytes two buffers begin with alike; compared natively. */
function commonLength(a: Buffer, b: Buffer): number {
  const most = Math.min(a.length, b.length);
  let same = 0;
  let step = most;
  while (step > 0) {
    const end = Math.min(most, same + step);
    if (a.compare(b, same, end, same, end) === 0) {
      if (end === most) return most;
      same = end;
    } else step >>= 1;
  }
  return same;
}
