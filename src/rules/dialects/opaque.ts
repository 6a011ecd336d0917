// A body of no known family: every string is scanned, none is known to be a piece of a longer one.
// The error shape is what most clients can show: `error.message`, with the code beside it.
import { faultText } from '../fault-text.ts';
import type { Dialect } from '../provider.ts';

const NOTHING: readonly never[] = Object.freeze([]);

/** The dialect of everything else. */
export const opaque: Dialect = {
  name: 'opaque',
  isOpaque: () => false,
  pieces: () => NOTHING,
  ends: () => NOTHING,
  errorBody: (fault, id) => ({
    contentType: 'application/json',
    body: JSON.stringify({ error: { code: fault.code, message: faultText(fault, id), id } }),
  }),
};
