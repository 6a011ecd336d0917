// What all streams of one HTTP/2 session may hold together for readers that have stopped: above the budget every stream's window is
// made narrow, and wide again once the bytes have gone. It must not know what the streams carry, nor whose session it is.
import type { Http2Session, Http2Stream } from 'node:http2';

/** Unread bytes of a session at which its windows become narrow, and at which they become wide again. */
const MOST_HELD = 4 * 1024 * 1024;
const FEW_HELD = 1024 * 1024;
/** The window of RFC 9113 6.9.2. */
const NARROW = 65_535;
/** A stream that is read holds less than this. */
const NOTICED = 64 * 1024;

/** Counts the streams it is told of. */
export interface Http2Budget {
  /** To be called before anything of `stream` was read. Returns it. */
  watch<T extends Http2Stream>(stream: T): T;
}

/** A budget for `session`, whose own initial window is `windowBytes`. */
export function openHttp2Budget(session: Http2Session, windowBytes: number): Http2Budget {
  const streams = new Set<Http2Stream>();
  let isNarrow = false;
  const settle = () => {
    let held = 0;
    for (const stream of streams) held += stream.readableLength;
    if (isNarrow ? held >= FEW_HELD : held <= MOST_HELD) return;
    if (session.destroyed || session.closed) return;
    isNarrow = !isNarrow;
    session.settings({ initialWindowSize: isNarrow ? NARROW : windowBytes });
  };
  return {
    watch(stream) {
      if (windowBytes <= NARROW) return stream;
      streams.add(stream);
      const push = stream.push;
      stream.push = (chunk: unknown, encoding?: BufferEncoding) => {
        const more = push.call(stream, chunk, encoding);
        if (isNarrow || stream.readableLength > NOTICED) settle();
        return more;
      };
      stream.once('close', () => {
        streams.delete(stream);
        if (isNarrow) settle();
      });
      return stream;
    },
  };
}
