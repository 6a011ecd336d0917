// Server-sent events for tests: cuts a byte stream into events and keeps each one's exact bytes.
import type { ByteReader } from './byte-reader.ts';

/** One event block. */
export interface SeenEvent {
  readonly event: string | undefined;
  readonly id: string | undefined;
  /** `data` lines joined by a newline; undefined for a block without data (a comment). */
  readonly data: string | undefined;
  /** The data parsed as JSON, undefined when it is not JSON. */
  readonly json: unknown;
  /** The block as it came, with its empty line. */
  readonly raw: string;
}

/** Parses one block. Line ends may be LF, CR or CRLF. */
export function parseEvent(raw: string): SeenEvent {
  let event: string | undefined;
  let id: string | undefined;
  const data: string[] = [];
  for (const line of raw.split(/\r\n|\n|\r/)) {
    const m = /^(event|data|id)(?:: ?(.*))?$/.exec(line);
    if (!m) continue;
    const value = m[2] ?? '';
    if (m[1] === 'event') event = value;
    else if (m[1] === 'id') id = value;
    else data.push(value);
  }
  const text = data.length > 0 ? data.join('\n') : undefined;
  let json: unknown;
  try {
    json = text === undefined ? undefined : JSON.parse(text);
  } catch {
    json = undefined;
  }
  return { event, id, data: text, json, raw };
}

/** All whole events of a text. What follows the last empty line is left out. */
export function parseEvents(text: string): SeenEvent[] {
  const out: SeenEvent[] = [];
  let from = 0;
  for (const m of text.matchAll(/\r\n\r\n|\n\n|\r\r/g)) {
    out.push(parseEvent(text.slice(from, m.index + m[0].length)));
    from = m.index + m[0].length;
  }
  return out;
}

/** Reads events one by one from a stream of body bytes (no transfer coding left on it); undefined at the end. */
export async function nextEvent(reader: ByteReader): Promise<SeenEvent | undefined> {
  const block = await reader.until('\n\n');
  return block ? parseEvent(block.toString()) : undefined;
}
