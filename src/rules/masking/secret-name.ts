// What the name of a variable, member, field or switch says about its value: that it is a password, that it is a key or token, or neither.
// It must not look at values.

/** How strongly a name speaks. 'password': people choose such values, so they may be short. 'key': machines make them. */
export type SecretName = 'password' | 'key';

const PASSWORD =
  /passw(?:or)?d|passphrase|passcode|passwort|contrase|senha|mot_?de_?passe|\bpswd\b|\bpwd\b|pwd\b|\bpwd|\bpass\b|\bpw\b|\bpsw\b|secret|\bcred(?:s|ential|entials)?\b/;
const KEY =
  /token|secret|(?:api|access|auth|private|secret|sign(?:ing)?|encrypt(?:ion)?|account|shared?|master|license|storage|deploy|insert|query|ssh|service|client|app|consumer|admin|security|session|bot|hmac|jwt|oauth|subscription|instrumentation|preshared) ?key|apikey|\bkey\b|\bpat\b|\bauth\b|\bbearer\b|\bjwt\b|\bcredentials?\b|webhook|\baccess\b|\blicense\b|\bdsn\b/;
/** What makes a name one of something about a secret, or of something public. */
const ABOUT =
  /(?:public|pub|primary|foreign|sort|partition|hash|cache|row|object|map|shortcut|hot|arrow|press|down|up|unique|group|idempotency|translation|i18n|message|storage access|registry) ?key\b|\bkey (?:id|code|name|path|word|board|frame|hash|size|length|type|press|usage|file|ring|down|up|vault|map|value|prefix|pattern|algorithm)|\b(?:name|names|id|ids|path|paths|file|files|filename|url|uri|urls|endpoint|field|type|types|label|hint|length|len|count|size|limit|limits|expiry|expires|expiration|ttl|age|regex|pattern|policy|format|placeholder|error|message|title|text|description|help|mode|method|scheme|class|style|selector|input|form|reset|strength|required|enabled|version|usage|usages|index|kind|header|prefix|suffix|hash|digest|fingerprint|provider|store|manager|service|column|arn|ref|scope|scopes|budget|per|max|min|total|num|tokens|secrets|keys|passwords|js|ts|mjs|cjs|jsx|tsx|json|py|go|rs|md|css|html|yml|yaml)$|^(?:max|min|num|total|input|output|prompt|completion|next|page|continuation|csrf|xsrf|sync|stop|eos|bos|pad|unk|sep|cls|mask|is|has|no|num|count|show|hide|toggle|forgot|reset|change|confirm|new|old) /;

/** Names come again and again, and are remembered up to so many. */
const MAX_KNOWN = 4096;
const known = new Map<string, SecretName | undefined>();

/** What a name speaks of; undefined: of no secret. Any spelling: `dbPassword`, `DB_PASSWORD`, `db-password`. */
export function secretName(name: string): SecretName | undefined {
  if (known.has(name)) return known.get(name);
  if (known.size >= MAX_KNOWN) known.clear();
  const speaks = speaksOf(name);
  known.set(name, speaks);
  return speaks;
}

function speaksOf(name: string): SecretName | undefined {
  const words = name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/[^A-Za-z]+/g, ' ')
    .trim()
    .toLowerCase();
  if (ABOUT.test(words)) return undefined;
  if (PASSWORD.test(words)) return 'password';
  return KEY.test(words) ? 'key' : undefined;
}
