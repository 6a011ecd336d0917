// Made-up values for tests, put together from parts so that no scanner takes the sources for a leak.

/** An address of a person who does not exist. */
export const EMAIL = ['ann.keller', 'mail.example.org'].join('@');
/** The one line of KEY that is secret. */
export const KEY_LINE = 'Mo9Xm2ScDw9ntJ0LbOZo0Tbg/8jqbqxZlfg/Yt4M02NV';
/** Shaped like a private key: a value with line ends, which are escaped wherever it stands in JSON. */
export const KEY = ['-----BEGIN EC PRIVATE KEY', `-----\n${KEY_LINE}\n`, '-----END EC PRIVATE KEY-----'].join('');
/** Shaped like a GitHub token. */
export const TOKEN = ['ghp', 'Q7w9E2r4T6y8U1i3O5p7A9s2D4f6G8h1J3k5'].join('_');
