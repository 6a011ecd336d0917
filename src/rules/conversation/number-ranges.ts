// Where numbers of a body stand, by their places in its objects, so that one is replaced without writing the rest anew.
// It must not know what is put there.
import { JsonWalk } from '../masking/walk.ts';
import type { Path } from './segment.ts';

const NUMBER = /^\s*:\s*([-+\d.eE]+)(?=[\s,}])/;
const WINDOW = 64;

/** The bytes of each number that is the member at one of `paths`, in order. What is no number has none. */
export function numberRanges(bytes: Buffer, paths: readonly Path[]): { readonly start: number; readonly end: number }[] {
  const wanted = new Set(paths.map((path) => JSON.stringify(path)));
  const names = new Set(paths.map((path) => path.at(-1)));
  const out: { start: number; end: number }[] = [];
  const walk = new JsonWalk();
  walk.push(bytes, bytes[0] === 0xef ? 3 : 0, (from, to) => {
    if (!walk.atName || to - from > WINDOW) return;
    const path = walk.steps();
    if (!names.has(path.at(-1)) || !wanted.has(JSON.stringify(path))) return;
    const m = NUMBER.exec(bytes.toString('latin1', to + 1, to + 1 + WINDOW));
    if (!m) return;
    const end = to + 1 + m[0].length;
    out.push({ start: end - m[1]!.length, end });
  });
  return out;
}
