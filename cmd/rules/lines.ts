// Lines of a stream of bytes, in the batches in which they arrive, so that whoever answers them can answer at once. Holds no more than
// one line. Must not know what the lines say.

/** A line without its end; `bytes` undefined: it was longer than allowed and has been let go. */
export interface Line {
  /** From 1. */
  readonly number: number;
  readonly bytes: Buffer | undefined;
}

const NEWLINE = 0x0a;
const BOM = Buffer.from('\uFEFF');

/** The lines that each piece of the stream completes; the last one may lack its newline. A byte order mark at the start is taken off. */
export async function* linesOf(source: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<readonly Line[]> {
  let number = 0;
  let held: Buffer[] = [];
  let heldBytes = 0;
  const taken = (last: Buffer): Line => {
    number++;
    const length = heldBytes + last.length;
    let bytes = length > maxBytes ? undefined : held.length === 0 ? last : Buffer.concat([...held, last], length);
    if (number === 1 && bytes?.subarray(0, BOM.length).equals(BOM)) bytes = bytes.subarray(BOM.length);
    held = [];
    heldBytes = 0;
    return { number, bytes };
  };
  for await (const chunk of source) {
    const lines: Line[] = [];
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      lines.push(taken(chunk.subarray(from, end)));
      from = end + 1;
    }
    if (from < chunk.length) {
      heldBytes += chunk.length - from;
      if (heldBytes > maxBytes) held = [];
      else held.push(chunk.subarray(from));
    }
    if (lines.length > 0) yield lines;
  }
  if (heldBytes > 0) yield [taken(Buffer.alloc(0))];
}
