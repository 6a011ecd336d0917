// Sorts the strings of a body by what a dialect says of their places, and joins the pieces of a stream by channel.
import type { Dialect } from '../../src/rules/provider.ts';
import { jsonStrings, valueAt } from './json-strings.ts';

/** The values that a dialect leaves alone and those it has scanned, in document order. */
export function sortStrings(dialect: Dialect, body: unknown): { opaque: string[]; scanned: string[] } {
  const opaque: string[] = [];
  const scanned: string[] = [];
  for (const { path, siblingType, value } of jsonStrings(body)) {
    (dialect.isOpaque(path, siblingType, value.slice(0, 32)) ? opaque : scanned).push(value);
  }
  return { opaque, scanned };
}

/** What is left of a stream when pieces are joined by channel: the finished texts, in the order in which their channels ended. */
export function joinPieces(dialect: Dialect, events: readonly unknown[]): { text: string; nesting: string }[] {
  const open = new Map<string, { text: string; nesting: string }>();
  const finished: { text: string; nesting: string }[] = [];
  const finish = (channel: string) => {
    const text = open.get(channel);
    if (text) finished.push(text);
    open.delete(channel);
  };
  for (const event of events) {
    for (const { path, channel, nesting } of dialect.pieces(event)) {
      const piece = valueAt(event, path);
      if (typeof piece !== 'string') throw new Error(`no string at ${path.join('.')}`);
      const text = open.get(channel) ?? { text: '', nesting };
      text.text += piece;
      open.set(channel, text);
    }
    const ends = dialect.ends(event);
    for (const channel of ends === 'all' ? [...open.keys()] : ends) finish(channel);
  }
  if (open.size > 0) throw new Error(`never ended: ${[...open.keys()].join(', ')}`);
  return finished;
}

/** A text cut into deltas of seven characters, as the fake provider cuts it. */
export function deltas(text: string): string[] {
  return text.match(/[\s\S]{1,7}/g) ?? [];
}
