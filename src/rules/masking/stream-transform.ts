// The shape of what edits a stream of bytes as it passes, and how text gets into it.
// Must not know what is edited.

/** Takes a stream piece by piece. For any cutting into pieces the bytes given back are, all together, the same. */
export interface StreamTransform {
  /** What may leave now: the same Buffer when all of it does and nothing changed; empty when all of it waits. */
  push(chunk: Buffer): Buffer;
  /** What is left when the stream has ended well. */
  end(): Buffer;
  /** Placeholders turned into values so far. */
  readonly restored: number;
}

/** UTF-8 bytes as a Latin-1 text, which is how texts from the wire are handled. */
export function latin1(text: string): string {
  return Buffer.from(text).toString('latin1');
}
