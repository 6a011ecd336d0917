// Connect and gRPC (Cursor): binary messages whose text we cannot splice, so only the error shape and unary JSON matter here.
// A unary JSON body is scanned whole; no field is known to be opaque.
import { type ErrorWords, faultText, wordFor } from '../fault-text.ts';
import type { Dialect } from '../provider.ts';

/** https://connectrpc.com/docs/protocol/#error-codes */
const WORDS: ErrorWords = {
  400: 'invalid_argument',
  401: 'unauthenticated',
  403: 'permission_denied',
  404: 'not_found',
  407: 'unauthenticated',
  408: 'deadline_exceeded',
  413: 'resource_exhausted',
  429: 'resource_exhausted',
  431: 'resource_exhausted',
  499: 'canceled',
  500: 'internal',
  502: 'unavailable',
  503: 'unavailable',
  504: 'deadline_exceeded',
};

const NOTHING: readonly never[] = Object.freeze([]);

/** The dialect of Connect and gRPC services. */
export const connect: Dialect = {
  name: 'connect',
  isOpaque: () => false,
  pieces: () => NOTHING,
  ends: () => NOTHING,
  errorBody: (fault, id) => ({
    contentType: 'application/json',
    body: JSON.stringify({ code: wordFor(WORDS, fault.status), message: faultText(fault, id) }),
  }),
};
