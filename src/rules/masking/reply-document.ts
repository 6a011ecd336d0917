// Restores a JSON document, or several in a row, as it streams: each string for itself, escaped as it stands, opaque ones left
// alone. It never holds more than a few bytes back. What turns out not to be JSON goes on as plain text.
import type { Dialect } from '../provider.ts';
import { applyEdits, type Edit } from './mask.ts';
import { hasOpening, unfinishedFrom, withValues } from './placeholder-shape.ts';
import { createTextRestorer } from './reply-text.ts';
import type { ReturnSource } from './return-rules.ts';
import { latin1, type StreamTransform } from './stream-transform.ts';
import { escapeLevels, levelsOf } from './unescape.ts';
import { JsonWalk } from './walk.ts';

/** A restorer for one reply. `answersJson`: the request asked the model for JSON. */
export function createDocumentRestorer(dialect: Dialect, placeholders: ReturnSource, answersJson = false): StreamTransform {
  const walk = new JsonWalk(true);
  const text = createTextRestorer(placeholders);
  let waiting = '';
  let restored = 0;

  /** What a stretch of the string being visited becomes. What could go on in the next piece waits. */
  function take(stretch: string, more: boolean): string {
    const path = walk.path();
    const head = walk.head();
    const isOpaque = dialect.isOpaque(path, walk.type(), head);
    const levels = levelsOf(path.at(-1), head, answersJson);
    const lookup = (placeholder: string) => (isOpaque ? undefined : placeholders.valueOf(placeholder));
    const out = withValues(stretch, lookup, !more, (value) => latin1(escapeLevels(value, levels)));
    waiting = out.rest;
    restored += out.count;
    return out.text;
  }

  return {
    push(chunk) {
      if (walk.broken) return text.push(chunk);
      const bytes = chunk.toString('latin1');
      const edits: Edit[] = [];
      const concerned = waiting !== '' || hasOpening(bytes) || unfinishedFrom(bytes, 0) < bytes.length;
      walk.wanted = concerned ? -1 : bytes.length;
      const reached = walk.push(chunk, 0, (start, end, more) => {
        const own = bytes.slice(start, end);
        if (waiting === '' && !more && !hasOpening(own)) return;
        const out = take(waiting + own, more);
        if (out !== own) edits.push({ start, end, text: out, kind: 'restore' });
      });
      if (walk.broken) return Buffer.concat([applyEdits(chunk.subarray(0, reached), edits), text.push(chunk.subarray(reached))]);
      return edits.length === 0 ? chunk : applyEdits(chunk, edits);
    },
    end() {
      return Buffer.concat([Buffer.from(waiting, 'latin1'), text.end()]);
    },
    get restored() {
      return restored + text.restored;
    },
  };
}
