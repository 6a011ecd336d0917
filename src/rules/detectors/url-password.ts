// Passwords in URLs, `scheme://user:PASSWORD@host`: databases, caches, remotes. Only the password is masked.
// What a template would fill in (`$PASSWORD`, `{{pass}}`, `<password>`, `***`) is none.
import { ALNUM, isIn } from '../masking/characters.ts';
import type { Detector, Found } from '../masking/detector.ts';
import { isFiller } from '../masking/token.ts';

const MAX_USER_INFO = 256;
const MAX_AFTER = 128;
const MIN_PASSWORD = 3;
const BRACKET = 0x5b;
/** Characters that are in no user information, as far as it is looked at. The @ of a password not escaped is handled apart. */
const OUTSIDE = /[\s"'`<>\\/?#@\uFFFD]/;

/** Finds the password before the @. */
export const urlPassword: Detector = {
  name: 'url-password',
  kind: 'secrets',
  word: 'URLPASS',
  anchors: ['@'],
  beside: { before: /[^\s"'`<>\\/?#@]/, behind: /[A-Za-z\d[]/ },
  find: passwordBefore,
  examples: {
    yes: [
      'DATABASE_URL=postgres://app:s3cr%40t-Pa55@db.internal:5432/app',
      'redis://:hunter2-Zx9@cache:6379/0',
      'https://user:p@ss@host.example/',
      'mongodb+srv://admin:pa55@cluster0.example.net/?retryWrites=true',
      '"url":"https:\\/\\/user:pass\\u0021word@example.com\\/"',
    ],
    no: [
      'https://$' + '{username}:$' + '{password}@api.example.com/v1',
      'https://{{user}}:{{pass}}@config.example.com',
      'https://user:<password>@host',
      'https://user:***@host',
      'postgres://user:password@localhost/db',
      'https://user@host.example/x',
      'http://localhost:8080/a@b',
      'https://user:@host.example/',
      'see host:port@somewhere',
      'at //user:pass@host',
      'https://user:pass@',
    ],
  },
};

function passwordBefore(text: string, at: number): Found | undefined {
  let from = at;
  const limit = Math.max(0, at - MAX_USER_INFO);
  while (from > limit && !OUTSIDE.test(text[from - 1]!)) from--;
  if (!text.startsWith('://', from - 3) || !isIn(text.charCodeAt(from - 4), ALNUM)) return undefined;
  const colon = text.indexOf(':', from);
  if (colon < 0 || colon >= at) return undefined;
  const end = lastAt(text, at);
  const password = text.slice(colon + 1, end);
  if (
    password.length < MIN_PASSWORD ||
    isFiller(password) ||
    /^(?:my|your|the)?[-_]?password$|^replace|^abc|^(.)\1*$/i.test(password) ||
    /^[$<[%]\W|[{}]/.test(password)
  )
    return undefined;
  return isIn(text.charCodeAt(end + 1), ALNUM) || text.charCodeAt(end + 1) === BRACKET
    ? { start: colon + 1, end, keepPrefix: 0 }
    : undefined;
}

/** The last @ before the host: one in the password may be there as it is. */
function lastAt(text: string, at: number): number {
  let last = at;
  for (let i = at + 1; i < at + MAX_AFTER; i++) {
    const char = text[i];
    if (char === '@') last = i;
    else if (char === undefined || OUTSIDE.test(char)) break;
  }
  return last;
}
