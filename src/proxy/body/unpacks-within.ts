// How much a body unpacks to, found without keeping any of it: what a bomb may cost is decided before the first byte of it is held.
// Must not know codings or whose body it is.
import type { ZlibStream } from './stage.ts';

/** Whether a fresh decoder gives at most `maxBytes` for `bytes`. Also true for input it cannot read: who decodes it says that better. */
export function unpacksWithin(decoder: ZlibStream, bytes: Buffer, maxBytes: number): Promise<boolean> {
  return new Promise((resolve) => {
    let size = 0;
    const settle = (fits: boolean) => {
      resolve(fits);
      decoder.destroy();
    };
    decoder.on('data', (piece: Buffer) => {
      size += piece.length;
      letGo(piece);
      if (size > maxBytes) settle(false);
    });
    decoder.on('error', () => settle(true));
    decoder.on('end', () => settle(true));
    decoder.end(bytes);
  });
}

/**
 * Gives the memory back at once: the collector lets 64 MB of such pieces pile up. zlib cuts several pieces from one buffer and is done with it
 * after the last.
 */
function letGo(piece: Buffer): void {
  const { buffer, byteOffset, byteLength } = piece;
  if (byteOffset + byteLength === buffer.byteLength && buffer instanceof ArrayBuffer) buffer.transfer(0);
}
