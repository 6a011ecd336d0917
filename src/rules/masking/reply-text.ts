// Restores plain text as it streams: a value goes where its placeholder stands, as it is. Only the end of a piece that could still
// become a placeholder waits for the next one. It must not know any format.
import { withValues } from './placeholder-shape.ts';
import type { ReturnSource } from './return-rules.ts';
import { latin1, type StreamTransform } from './stream-transform.ts';

/** A restorer for one text. */
export function createTextRestorer(placeholders: ReturnSource): StreamTransform {
  let waiting = '';
  let restored = 0;

  function take(text: string, complete: boolean): string {
    const out = withValues(text, (placeholder) => placeholders.valueOf(placeholder), complete, latin1);
    waiting = out.rest;
    restored += out.count;
    return out.text;
  }

  return {
    push(chunk) {
      const own = chunk.toString('latin1');
      const out = take(waiting + own, false);
      return out === own ? chunk : Buffer.from(out, 'latin1');
    },
    end() {
      return Buffer.from(take(waiting, true), 'latin1');
    },
    get restored() {
      return restored;
    },
  };
}
