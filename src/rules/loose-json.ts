// Reading JSON that nobody promised the shape of: events and bodies of providers change without notice, and a field
// that is missing, null or of another type must read as absent. Must not know any provider.

/** A JSON object, its members unknown. */
export type LooseObject = { readonly [name: string]: unknown };

const NONE: readonly unknown[] = Object.freeze([]);

/** The value as an object; undefined for null, arrays and scalars. */
export function objectOf(value: unknown): LooseObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as LooseObject) : undefined;
}

/** The value as a list; an empty one when it is no array. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : NONE;
}

/** A name or a number as text; `otherwise` for anything else: an object may have no text at all, whatever it is asked. */
export function keyOf(value: unknown, otherwise: string | number = ''): string {
  return String(typeof value === 'string' || typeof value === 'number' ? value : otherwise);
}
