// What is wrong with a CA, for the terminal.
// Must not hold key material.

/** The CA cannot be opened or written. The message is one sentence for the terminal that says what to do. */
export class CertFault extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'CertFault';
  }
}
