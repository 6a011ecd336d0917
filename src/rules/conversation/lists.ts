// Finds the message lists of a request body and the bytes of their elements, without building any of it. Linear, any depth.
// It must not know what an element says; what is no JSON has no lists.

/** A list's member name and what is in it, as offsets into the body. */
export interface MessageList {
  readonly member: string;
  /** Behind the opening bracket. */
  readonly start: number;
}

/** Lists of messages, by the name of the member that holds them. */
const LISTS = new Set(['messages', 'input', 'contents']);
/** Objects that wrap the request: Code Assist's, the Realtime API's, a batch line's. */
const WRAPPERS = new Set(['request', 'response', 'body']);
const MAX_NAME = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;

/**
 * Visits each list in order, in every document of a body that holds several. `visit` reads elements from `start` on with `elementEnd` and returns the offset behind the closing
 * bracket; -1 where the list breaks off.
 */
export function findLists(bytes: Buffer, visit: (list: MessageList) => number): void {
  let i = bytes[0] === 0xef ? 3 : 0;
  let depth = 0;
  for (;;) {
    i = skipBlank(bytes, i);
    const byte = bytes[i];
    if (depth === 0) {
      if (byte !== 0x7b) return;
      depth++;
      i++;
    } else if (byte === COMMA) i++;
    else if (byte === 0x7d) {
      depth--;
      i++;
    } else {
      const nameEnd = byte === QUOTE ? stringEnd(bytes, i) : -1;
      if (nameEnd < 0) return;
      const name = nameEnd - i > MAX_NAME ? '' : nameOf(bytes.toString('utf8', i, nameEnd));
      i = skipBlank(bytes, nameEnd);
      if (bytes[i] !== 0x3a) return;
      i = skipBlank(bytes, i + 1);
      if (bytes[i] === 0x5b && LISTS.has(name)) i = visit({ member: name, start: i + 1 });
      else if (bytes[i] === 0x7b && depth === 1 && WRAPPERS.has(name)) {
        depth++;
        i++;
      } else i = valueEnd(bytes, i);
      if (i < 0) return;
    }
  }
}

/** The next element of a list: its bytes; `undefined` at the end of the list, whose offset behind the bracket is then `end`. */
export function nextElement(
  bytes: Buffer,
  from: number,
): { readonly start: number; readonly end: number; readonly isLast: boolean } | undefined {
  let i = skipBlank(bytes, from);
  if (bytes[i] === COMMA) i = skipBlank(bytes, i + 1);
  if (bytes[i] === 0x5d) return { start: i, end: i + 1, isLast: true };
  const end = valueEnd(bytes, i);
  return end < 0 ? undefined : { start: i, end, isLast: false };
}

function nameOf(quoted: string): string {
  try {
    return String(JSON.parse(quoted));
  } catch {
    return '';
  }
}

function skipBlank(bytes: Buffer, from: number): number {
  let i = from;
  while (bytes[i] === 0x20 || bytes[i] === 0x0a || bytes[i] === 0x0d || bytes[i] === 0x09) i++;
  return i;
}

/** Behind the value that begins at `from`, and behind the white space that follows a number; -1 where it breaks off. */
export function valueEnd(bytes: Buffer, from: number): number {
  let depth = 0;
  let i = from;
  while (i < bytes.length) {
    const byte = bytes[i]!;
    if (byte === QUOTE) {
      i = stringEnd(bytes, i);
      if (i < 0) return -1;
      if (depth === 0) return i;
      continue;
    }
    if (byte === 0x7b || byte === 0x5b) depth++;
    else if (byte === 0x7d || byte === 0x5d) {
      if (depth === 0) return i > from ? i : -1;
      if (--depth === 0) return i + 1;
    } else if (depth === 0 && byte === COMMA) return i > from ? i : -1;
    i++;
  }
  return -1;
}

/** Behind the string that begins at `from`; -1 where it breaks off. */
function stringEnd(bytes: Buffer, from: number): number {
  let i = from + 1;
  for (;;) {
    const quote = bytes.indexOf(QUOTE, i);
    if (quote < 0) return -1;
    let back = quote;
    while (back > i && bytes[back - 1] === BACKSLASH) back--;
    if (((quote - back) & 1) === 0) return quote + 1;
    i = quote + 1;
  }
}
