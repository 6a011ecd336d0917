// Every string of a JSON value as a scanner meets it: its path without array steps, the `type` beside it if that came first, its
// beginning; and reading a string at a full path. Knows nothing of any dialect.

/** One string of a body. */
export interface JsonString {
  readonly path: readonly string[];
  readonly siblingType: string | undefined;
  readonly value: string;
}

/** All strings in document order. */
export function jsonStrings(value: unknown, path: readonly string[] = [], siblingType?: string): JsonString[] {
  if (typeof value === 'string') return [{ path, siblingType, value }];
  if (Array.isArray(value)) return value.flatMap((item) => jsonStrings(item, path, siblingType));
  if (typeof value !== 'object' || value === null) return [];
  let type: string | undefined;
  return Object.entries(value).flatMap(([name, member]) => {
    const found = jsonStrings(member, [...path, name], type);
    if (name === 'type' && typeof member === 'string') type = member;
    return found;
  });
}

/** What stands at a path of member names and array indexes. */
export function valueAt(value: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((at, step) => (at as Record<string | number, unknown>)[step], value);
}
