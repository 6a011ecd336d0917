// Members of a body by their places in its objects: what each says and where it stands, so that one is replaced without writing the
// rest anew. All of them: a name may stand twice, and nobody knows which one a server reads. It must not know what they mean.
import { JsonWalk } from '../masking/walk.ts';
import { valueEnd } from './lists.ts';
import type { Path } from './segment.ts';

/** A member. */
export interface Member {
  readonly path: Path;
  /** Parsed; undefined for what is no JSON. */
  readonly value: unknown;
  /** The bytes of the value. */
  readonly start: number;
  readonly end: number;
}

/** Escapes included. */
const LONGEST_NAME = 128;
const COLON = 0x3a;

/** The members at `paths`, in order, in every document of a body that holds several. What breaks off is read as far as it goes. */
export function membersAt(bytes: Buffer, paths: readonly Path[]): Member[] {
  const wanted = new Set(paths.map((path) => JSON.stringify(path)));
  const names = new Set(paths.map((path) => String(path.at(-1))));
  const out: Member[] = [];
  const walk = new JsonWalk(true);
  walk.push(bytes, bytes[0] === 0xef ? 3 : 0, (from, to) => {
    if (!walk.atName || to - from > LONGEST_NAME) return;
    const name = bytes.toString('latin1', from, to);
    // One with escapes may be any.
    if (!names.has(name) && !name.includes('\\')) return;
    const path = walk.steps();
    if (!wanted.has(JSON.stringify(path))) return;
    const start = behindBlanks(bytes, behindBlanks(bytes, to + 1, COLON));
    const end = valueEnd(bytes, start);
    const text = bytes.toString('utf8', start, end < 0 ? start : end).trimEnd();
    out.push({ path, value: parsed(text), start, end: start + Buffer.byteLength(text) });
  });
  return out;
}

/** Behind white space, and behind `byte` with it. */
function behindBlanks(bytes: Buffer, from: number, byte = 0x20): number {
  let i = from;
  while (i < bytes.length && (bytes[i] === byte || bytes[i]! <= 0x20)) i++;
  return i;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
