// A scripted HTTP/2 upstream that writes any frames it likes. Must not know what a test wants of them.
import { FLAG, FRAME, type H2Frame, H2FrameParser, h2Frame, PREFACE } from './h2-frames.ts';
import type { OriginConnection } from './origin.ts';
import { type Scripted, startScripted } from './scripted.ts';

/** One connection, and the frames that came on it. */
export interface RawUpstream {
  readonly c: OriginConnection;
  readonly frames: H2Frame[];
}

/** Sends SETTINGS and acknowledges the other side's; `onFrame` runs for each frame that arrives, those of SETTINGS among them. */
export async function startRawH2Upstream(
  onFrame: (up: RawUpstream, frame: H2Frame) => unknown,
): Promise<{ readonly s: Scripted; readonly ups: readonly RawUpstream[] }> {
  const ups: RawUpstream[] = [];
  const s = await startScripted(
    async (c) => {
      const up: RawUpstream = { c, frames: [] };
      ups.push(up);
      const parser = new H2FrameParser();
      await c.reader.exactly(PREFACE.length);
      await c.write(h2Frame(FRAME.settings, 0, 0));
      for (;;) {
        const bytes = await c.reader.some().catch(() => Buffer.alloc(0));
        if (bytes.length === 0) return;
        for (const frame of parser.feed(bytes)) {
          up.frames.push(frame);
          if (frame.type === FRAME.settings && frame.flags === 0) await c.write(h2Frame(FRAME.settings, FLAG.ack, 0));
          await onFrame(up, frame);
        }
      }
    },
    { alpn: ['h2'], waitMs: 60_000 },
  );
  return { s, ups };
}
