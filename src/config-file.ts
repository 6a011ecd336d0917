// Text of a configuration file (YAML, or JSON when its name ends so) to plain values, with the line of each.
// Must not know which keys exist, nor read the file itself.
import { isMap, isPair, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';

/** A configuration that cannot be used: one line for the user. `source` says what has to be corrected. */
export class ConfigError extends Error {
  readonly source: 'flag' | 'environment' | 'file' | 'combination';
  constructor(source: ConfigError['source'], line: string) {
    super(line);
    this.name = 'ConfigError';
    this.source = source;
  }
}

/** A file as read: `values` by top-level key, and where things stand. */
export interface ConfigText {
  readonly values: Readonly<Record<string, unknown>>;
  /** `FILE:LINE` of the member or element at a path (of the nearest thing there is). */
  readonly place: (path: readonly PropertyKey[]) => string;
}

/** Throws ConfigError that names the file and the line. `example` is what it could hold. */
export function parseConfigText(file: string, text: string, example = '«listen: 127.0.0.1:8898»'): ConfigText {
  const lines = new LineCounter();
  const body = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const at = (offset: number) => `${file}:${lines.linePos(offset).line || 1}`;
  const doc = parseDocument(body, {
    lineCounter: lines,
    prettyErrors: false,
    // `silent` would pass over a second document, and settings with it.
    logLevel: 'error',
    ...(file.endsWith('.json') && { schema: 'json' }),
  });
  const bad = doc.errors[0];
  if (bad) throw new ConfigError('file', `${at(bad.pos[0])}: ${sentence(bad.code, bad.message, keyAt(body, bad.code, bad.pos[0]))}`);
  const root = doc.contents;
  if (root !== null && !isMap(root) && !(isScalar(root) && root.value === null)) {
    throw new ConfigError('file', `${at(root.range?.[0] ?? 0)}: the file must hold keys and values, such as ${example}`);
  }
  let values: Record<string, unknown>;
  try {
    values = (doc.toJS({ maxAliasCount: 20 }) ?? {}) as Record<string, unknown>;
  } catch (thrown) {
    throw new ConfigError('file', `${at(0)}: ${(thrown as Error).message.split('\n')[0]}`);
  }
  return { values, place: (path) => at(offsetOf(root, path)) };
}

function sentence(code: string, message: string, key: string | undefined): string {
  if (code === 'DUPLICATE_KEY') return `the same key stands here twice${key === undefined ? '' : `: «${key}»`}`;
  if (code === 'MULTIPLE_DOCS') return 'a second document begins here; the file must be one';
  const first = message.split('\n')[0]!.replace(/[.:]$/, '');
  return `not valid: ${first.charAt(0).toLowerCase()}${first.slice(1)}${key === undefined ? '' : ` (in «${key}»)`}`;
}

const KEY = /(?:^|[\n\r{,])[ \t]*(?:- +)?["']?([A-Za-z_][\w-]*)["']?[ \t]*:/g;

/** The key a mistake belongs to, as far as a text that cannot be parsed tells: the one that stands there twice, else the last one before it. */
function keyAt(text: string, code: string, offset: number): string | undefined {
  if (code === 'MULTIPLE_DOCS') return undefined;
  if (code === 'DUPLICATE_KEY') return /^["']?([^\s"':]+)/.exec(text.slice(offset, offset + 100))?.[1];
  return [...text.slice(0, offset + 1).matchAll(KEY)].at(-1)?.[1];
}

function offsetOf(root: Node | null, path: readonly PropertyKey[]): number {
  let node: unknown = root;
  let offset = root?.range?.[0] ?? 0;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find((p) => isPair(p) && isScalar(p.key) && String(p.key.value) === String(step));
      if (!pair) break;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof step === 'number' && node.items[step] !== undefined) {
      node = node.items[step];
      offset = (node as Node).range?.[0] ?? offset;
    } else break;
  }
  return offset;
}
