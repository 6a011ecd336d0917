// An HTTP/2 client that writes any frames it likes through the proxy, and says what became of its streams.
import type { Client } from './client.ts';
import { FLAG, FRAME, type H2Frame, H2FrameParser, h2Frame, openingBytes } from './h2-frames.ts';

/** How a stream, or the whole connection, ended for the client. */
export interface RawOutcome {
  /** `replied`: a head came, whole to its end. `reset`: RST_STREAM. `goaway`, `closed`: the connection. `open`: nothing yet. */
  readonly how: 'replied' | 'reset' | 'goaway' | 'closed';
  /** Error code of RST_STREAM or GOAWAY. */
  readonly code: number | undefined;
  /** Header block of the reply, undecoded, and its body. */
  readonly head: Buffer | undefined;
  readonly body: Buffer;
}

export interface RawH2 {
  readonly client: Client;
  readonly frames: readonly H2Frame[];
  send(...frames: readonly Uint8Array[]): Promise<void>;
  /** What becomes of that stream. */
  outcome(stream: number): Promise<RawOutcome>;
}

/** Opens the connection with this preface (default: an empty SETTINGS frame) and answers SETTINGS and PING. */
export function startRawH2(client: Client, opening: Uint8Array = openingBytes()): RawH2 {
  const frames: H2Frame[] = [];
  const watchers = new Set<() => void>();
  const parser = new H2FrameParser();
  let over = false;
  const wake = () => {
    for (const look of [...watchers]) look();
  };
  client.stream.write(opening);
  client.reader.detach();
  client.stream.on('data', (chunk: Buffer) => {
    for (const frame of parser.feed(chunk)) {
      frames.push(frame);
      if (frame.type === FRAME.settings && (frame.flags & FLAG.ack) === 0) client.stream.write(h2Frame(FRAME.settings, FLAG.ack, 0));
      if (frame.type === FRAME.ping && (frame.flags & FLAG.ack) === 0) client.stream.write(h2Frame(FRAME.ping, FLAG.ack, 0, frame.payload));
    }
    wake();
  });
  const end = () => {
    over = true;
    wake();
  };
  client.stream.on('end', end);
  client.stream.on('close', end);
  client.stream.resume();
  return {
    client,
    frames,
    send: (...bytes) => client.write(Buffer.concat(bytes)),
    outcome: (stream) =>
      new Promise((resolve, reject) => {
        const done = (outcome: RawOutcome) => {
          clearTimeout(timer);
          watchers.delete(look);
          resolve(outcome);
        };
        const look = () => {
          const outcome = outcomeOf(frames, stream, over);
          if (outcome) done(outcome);
        };
        const timer = setTimeout(() => {
          watchers.delete(look);
          reject(new Error(`nothing became of stream ${stream}: ${JSON.stringify(frames.map((f) => [f.type, f.flags, f.stream]))}`));
        }, 8000);
        watchers.add(look);
        look();
      }),
  };
}

function outcomeOf(frames: readonly H2Frame[], stream: number, over: boolean): RawOutcome | undefined {
  const mine = frames.filter((f) => f.stream === stream);
  const head = mine.find((f) => f.type === FRAME.headers)?.payload;
  const body = Buffer.concat(mine.filter((f) => f.type === FRAME.data).map((f) => f.payload));
  const rst = mine.find((f) => f.type === FRAME.rst);
  const facts = { head, body };
  const ended = mine.some((f) => (f.type === FRAME.headers || f.type === FRAME.data) && (f.flags & FLAG.endStream) !== 0);
  if (ended && head) return { how: 'replied', code: undefined, ...facts };
  if (rst) return { how: 'reset', code: rst.payload.readUInt32BE(0), ...facts };
  const goaway = frames.find((f) => f.type === FRAME.goaway && f.payload.readUInt32BE(4) !== 0);
  if (goaway) return { how: 'goaway', code: goaway.payload.readUInt32BE(4), ...facts };
  return over ? { how: 'closed', code: undefined, ...facts } : undefined;
}
