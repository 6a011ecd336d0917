// What may never reach a log: values under telling names, and text that looks like a key wherever it stands. Always
// replaced whole, no prefix kept. Pure; must not know who logs or where to.

/** Stands in place of what was taken out. */
export const REDACTED = '[redacted]';

const NAMES = new Set([
  'authorization',
  'proxyauthorization',
  'proxyauth',
  'xapikey',
  'xgoogapikey',
  'apikey',
  'cookie',
  'setcookie',
  'password',
  'passphrase',
  'secret',
  'accesstoken',
  'refreshtoken',
  'idtoken',
  'privatekey',
  'xamzsecuritytoken',
]);

// One alternative a family, each with enough fixed text or length that prose does not match.
const KEY_LIKE = new RegExp(
  [
    '-----BEGIN [A-Z ]*PRIVATE KEY-----[\\s\\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)',
    '\\b(?:Bearer|Basic)\\s+[A-Za-z0-9+/_~.=-]{6,}',
    '(?<=://)[^\\s/@:]*:[^\\s/@]+(?=@)',
    '\\b(?:sk|pk|rk)[-_][A-Za-z0-9_-]{16,}',
    '\\b(?:AKIA|ASIA)[A-Z0-9]{16}\\b',
    '\\bAIza[A-Za-z0-9_-]{30,}',
    '\\bya29\\.[A-Za-z0-9_-]{16,}',
    '\\b(?:gh[opusr]_|github_pat_|glpat-|hf_|npm_|xox[abeprs]-|sp_)[A-Za-z0-9_-]{16,}',
    '\\beyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]*',
  ].join('|'),
  'g',
);

/** The text with everything that looks like a key replaced. */
export function redactText(text: string): string {
  return text.replace(KEY_LIKE, REDACTED);
}

/** Whether a member or header of this name is never shown, whatever its value. */
export function isTelling(name: string): boolean {
  return NAMES.has(name.toLowerCase().replaceAll(/[-_]/g, ''));
}

/** A copy fit for a log. Flat header arrays (`[name, value, …]`) lose the value behind a telling name. JSON values only. */
export function redact(value: unknown): unknown {
  if (typeof value === 'string') return redactText(value);
  if (Array.isArray(value))
    return value.map((v, i) => (i > 0 && typeof value[i - 1] === 'string' && isTelling(value[i - 1]) ? REDACTED : redact(v)));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([k, v]) => [k, isTelling(k) && v !== undefined && v !== null ? REDACTED : redact(v)]),
  );
}
