// Where strings of a document stand, by their places in it: what was found in a parsed text is edited in its bytes.
// It must not know what is put there.
import { JsonWalk } from '../masking/walk.ts';
import type { Path } from './segment.ts';

/** The bytes between the quotes of each string that stands at one of `paths` in the document `bytes[start, end)`, in order. */
export function stringRanges(
  bytes: Buffer,
  start: number,
  end: number,
  paths: readonly Path[],
): { readonly start: number; readonly end: number }[] {
  const wanted = new Set(paths.map((path) => JSON.stringify(path)));
  const out: { start: number; end: number }[] = [];
  const walk = new JsonWalk();
  walk.push(bytes.subarray(start, end), 0, (from, to) => {
    if (!walk.atName && wanted.has(JSON.stringify(walk.steps()))) out.push({ start: start + from, end: start + to });
  });
  return out;
}
