// The pieces of a streamed request body as they may leave: its beginning once it is let go of, then each as it comes.
// It must not know what carries the body, nor what is looked for in it.
import type { OutgoingRequest } from '../exchange.ts';

/** Some bytes of a body: as they came, and what of them is the body itself. */
export interface BodyPiece {
  readonly raw: Buffer;
  readonly payload: readonly Buffer[];
}

/** Reads until `read` gives undefined. `frame` makes what leaves for an edited body, which is the whole of it. Throws what `held` and `watch` throw. */
export async function* leavingPieces(
  read: () => Promise<BodyPiece | undefined>,
  { held, watch }: OutgoingRequest['body'] & { readonly kind: 'stream' },
  frame: (edited: Buffer) => readonly Buffer[],
): AsyncGenerator<Buffer, void> {
  const kept: Buffer[] = [];
  let holding = held;
  for (;;) {
    const piece = await read();
    if (holding) {
      if (piece) kept.push(piece.raw);
      // Each is to be seen, also behind the one that was too much.
      const more = piece?.payload.map((bytes) => holding!.take(bytes)).every(Boolean);
      if (more) continue;
      const edited = await holding.release(!piece);
      holding = undefined;
      yield* edited ? frame(edited) : kept.splice(0);
    } else if (piece) {
      if (watch) piece.payload.forEach(watch);
      yield piece.raw;
    }
    if (!piece) return;
  }
}
