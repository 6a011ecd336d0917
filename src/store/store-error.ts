// What the store says when it cannot go on.
// Must not hold more than one line, nor a value from the store.

/** A failure of the store, as one line for the user: what is wrong and, where there is something to type, what. */
export class StoreError extends Error {
  constructor(line: string, cause?: unknown) {
    super(line, { cause });
    this.name = 'StoreError';
  }
}
