// Whether a text looks like what a machine made up, like a password that a person did, or like anything else that stands behind an equals
// sign: words, names, references, paths. It must not know where the text stands.
import { DIGIT, isIn, LOWER, UPPER } from './characters.ts';

const JOINTS = '-_./:';
const SIGNS = '!@#$%^&*?+/=~';
const HEX_RUN = /^[\da-f]{20,}$/i;
const RANDOM = /^[\w+/=.~:!@#$%^&*?-]{16,}$/;
const REFERENCE =
  /^[$%@#&*]?[{(<[]|\$\{|\{\{|\$\(|^\$[A-Za-z_]|^%[A-Za-z_]+%$|^<.*>$|^(?:process|os|env|environ|config|self|this|var|local|data|secrets?|settings|params|args|opts|options|ctx|request|req|module|import|await|new|null|none|nil|undefined|true|false|yes|no|optional|required|string|str|text|bool|boolean|number|int|any|bytes|object|function|return)(?:\b|$)(?![-!@#$%^&*+~]*\d)/i;
const PLACE =
  /^(?:https?|file|ftp|ssh|git|s3|gs|arn|data|urn|vault|op|env|keychain|projects)[:/]|^(?:\.{0,2}|~)\/|^[A-Za-z]:\\|\.(?:js|ts|json|ya?ml|pem|key|crt|txt|env|py|go|rb|java|html?|css|png|svg|sh|md|toml|conf|cfg|ini|log)$/i;
const DUMMY =
  /^(?:your|my|the|some|an?|insert|enter|replace|change|fill|put|add|use|to-?do|fix-?me|x{3,}|placeholder|redacted|masked|hidden|dummy|fake|sample|example|default|foo|bar|baz|test|testing|secret|password|passwd|passphrase|token|apikey|api[-_ ]?key|key|value|user(?:name)?|admin|root|guest|changeme|change[-_ ]?me|none|null|empty|unknown|n\/a)[-_. ]?(?:(?:your|my|the|here|me|this|api|key|token|secret|password|value|goes|it|with|real|test|example|placeholder|id|name|string|\d)[-_. ]?)*$|SP_[A-Z]{2,10}_[A-Z2-7]{12}|\[[A-Z]+_REDACTED|\*{3}|\.{3}|x{6}|X{6}|…|•/i;
const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;
const MONOTONE = /^(.)\1*$|^(?:0123456789|1234567890|abcdefgh)+/;

/** Whether the text stands for something else, or for nothing: a reference, a path, a dummy. */
export function isNoSecret(value: string): boolean {
  return REFERENCE.test(value) || PLACE.test(value) || DUMMY.test(value) || /^(.)\1*$/.test(value);
}

/** Whether the text was made by a machine: digits and letters without an order that words and names have. */
export function isRandom(value: string): boolean {
  if (/(.)\1{9}/.test(value)) return false;
  if (UUID.test(value)) return !MONOTONE.test(value.replaceAll('-', ''));
  const { letters, digits, signs } = tally(value);
  if (HEX_RUN.test(value)) return digits > 2 && letters > 2;
  if (letters < 4 || !RANDOM.test(value)) return false;
  // Words and numbers with hyphens between them are names of things.
  const parts = partsOf(value);
  if (parts.some((part) => /^[\da-f]{16,}$/i.test(part) && isHexMix(part))) return true;
  const mixed = parts.filter((part) => !/^(?:[A-Z]?[a-z]+|[A-Z]+|\d+|v\d+)$/.test(part)).join('');
  if (mixed.length < 12 && parts.length > 1) return false;
  const turns = tally(mixed).turns;
  if (digits < 2) return digits + signs > 0 ? turns >= 6 : turns >= 4 && 4 * turns >= value.length && new Set(value).size > 9;
  return turns >= 4 || (digits >= 4 && value.length >= 28 && parts.length < 3) || (digits >= 3 && turns >= 3 && value.length < 24);
}

/** What stands between hyphens, full stops and the like. */
function partsOf(value: string): string[] {
  const out: string[] = [];
  let from = 0;
  for (let i = 0; i <= value.length; i++) {
    if (i < value.length && !JOINTS.includes(value[i]!)) continue;
    if (i > from) out.push(value.slice(from, i));
    from = i + 1;
  }
  return out;
}

function isHexMix(part: string): boolean {
  const { letters, digits } = tally(part);
  return digits > 2 && letters > 2;
}

/** Whether the text may be a password that somebody made up: letters with digits or signs among them, in no natural order. */
export function isPassword(value: string): boolean {
  if (value.length < 6 || value.length > 64 || /\s/.test(value)) return false;
  const { letters, digits, signs, turns } = tally(value);
  if (letters < 2) return false;
  if (/^[a-z]+(?:[-_.][a-z\d]+)+$/i.test(value)) return isRandom(value);
  return digits + signs > 0 || (turns >= 4 && 4 * turns >= value.length && value.length >= 10);
}

interface Tally {
  readonly letters: number;
  readonly digits: number;
  readonly signs: number;
  /** How often a letter follows a digit, a digit a letter, or a capital a small letter. */
  readonly turns: number;
}

function tally(value: string): Tally {
  let letters = 0;
  let digits = 0;
  let signs = 0;
  let turns = 0;
  let last = 0;
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    const kind = isIn(code, DIGIT) ? DIGIT : isIn(code, UPPER) ? UPPER : isIn(code, LOWER) ? LOWER : 0;
    if (kind === DIGIT) digits++;
    else if (kind !== 0) letters++;
    else if (SIGNS.includes(value[i]!)) signs++;
    if (last !== 0 && kind !== 0 && kind !== last && !(last === UPPER && kind === LOWER)) turns++;
    last = kind;
  }
  return { letters, digits, signs, turns };
}
