// Which names of variables say that the value is a secret. It must not look at values, but for a URL that carries a password,
// and it keeps none.

const SECRET_WORD =
  /(?:^|_)(?:[A-Z0-9]*(?:KEY|KEYS|TOKEN|TOKENS|SECRET|SECRETS|PASSWORD|PASSWD|PASSPHRASE|PASS|CREDENTIAL|CREDENTIALS|DSN)|AUTH|JWT|PAT|PRIVATE|WEBHOOK|COOKIE|SALT|DATABASE_URL|CONNECTION_STRING)(?:_|$)/;
/** They name where something is, or somebody. */
const PLACE =
  /(?:_SOCK|_FILE|_PATH|_DIR|_HOME|_ID|_AUTHOR|_TTL|_TYPE|_NAME|_URI|_HOST|_PORT)$|^(?:GOOGLE_APPLICATION_CREDENTIALS|XAUTHORITY|GPG_TTY)$/;

/** Whether a variable of this name holds a secret: `OPENAI_API_KEY`, `PGPASSWORD`, `SENTRY_DSN`. */
export function isSecretName(name: string): boolean {
  const upper = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[.-]/g, '_')
    .toUpperCase();
  return SECRET_WORD.test(upper) && !PLACE.test(upper);
}

/** Whether the value is a URL with a password in it, whatever its variable is called. */
export function carriesPassword(value: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/[^\s/@:]*:[^\s/@]+@/i.test(value);
}

/** The values of an environment that are secrets, but for those that stand for one. */
export function secretValues(environment: Readonly<Record<string, string | undefined>>, except: readonly string[] = []): string[] {
  const out: string[] = [];
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && !except.includes(value) && (isSecretName(name) || carriesPassword(value))) out.push(value);
  }
  return out;
}
