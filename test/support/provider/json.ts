// Careful reading of JSON that a client wrote: every step may be missing.

export type JsonObject = Readonly<Record<string, unknown>>;

/** The member at the end of the path, undefined where the path breaks. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let here = value;
  for (const key of path) {
    if (typeof here !== 'object' || here === null) return undefined;
    here = (here as JsonObject)[key];
  }
  return here;
}

/** The array itself, or an empty one. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The string itself, or ''. */
export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Parsed JSON, undefined when it is none. */
export function tryParse(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    return undefined;
  }
}
