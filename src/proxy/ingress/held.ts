// The pieces of a streamed request body as they may leave: its beginning once it is let go of, then each as it comes.
// It must not know what carries the body, nor what is looked for in it.
import type { OutgoingRequest } from '../exchange.ts';

/** Reads until `read` gives undefined. Throws what `held` and `watch` throw. */
export async function* leavingPieces(
  read: () => Promise<Buffer | undefined>,
  { held, watch }: OutgoingRequest['body'] & { readonly kind: 'stream' },
): AsyncGenerator<Buffer, void> {
  const kept: Buffer[] = [];
  let holding = held;
  for (;;) {
    const piece = await read();
    if (holding) {
      if (piece) kept.push(piece);
      if (piece && holding.take(piece)) continue;
      const out = (await holding.release(!piece)) ?? Buffer.concat(kept.splice(0));
      holding = undefined;
      if (out.length > 0) yield out;
    } else if (piece) {
      watch?.(piece);
      yield piece;
    }
    if (!piece) return;
  }
}
