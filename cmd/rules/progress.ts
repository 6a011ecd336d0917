// How far a long reading has come, on a terminal that shows nothing else.
// Must not write anywhere but to standard error.
import type { Input } from './input.ts';

/** Shows progress. */
export interface Progress {
  /** The chunks as they are, their bytes counted. */
  counted(chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer>;
  rows(count: number): void;
  /** Takes the line off the terminal. */
  clear(): void;
}

const EVERY_MS = 200;
const ERASE = '\r\u001B[K';

/** Shows nothing unless standard error is a terminal, standard output is none, and all that is read has a size. */
export function openProgress(inputs: readonly Input[]): Progress {
  const total = inputs.reduce<number | undefined>((sum, { size }) => (sum === undefined || size === undefined ? undefined : sum + size), 0);
  if (total === undefined || process.stderr.isTTY !== true || process.stdout.isTTY === true)
    return { counted: (chunks) => chunks, rows: () => {}, clear: () => {} };
  const startedAt = performance.now();
  let shownAt = startedAt;
  let isShown = false;
  let bytes = 0;
  let rows = 0;
  const megabytes = (count: number) => (count / 1e6).toFixed(1);
  return {
    async *counted(chunks) {
      for await (const chunk of chunks) {
        bytes += chunk.length;
        yield chunk;
      }
    },
    rows(count) {
      rows += count;
      const now = performance.now();
      if (now - shownAt < EVERY_MS) return;
      shownAt = now;
      isShown = true;
      const rate = bytes / (now - startedAt) / 1000;
      process.stderr.write(`${ERASE}${rows} rows, ${megabytes(bytes)} of ${megabytes(total)} MB, ${rate.toFixed(1)} MB/s`);
    },
    clear() {
      if (isShown) process.stderr.write(ERASE);
      isShown = false;
    },
  };
}
