// Values that a name calls a secret: `KEY=value` of any language, JSON, YAML, XML, switches of commands, fields of headers, prose. The name
// decides what is looked for, the value whether it is one; entropy alone never does.
import { ALNUM, isIn } from '../masking/characters.ts';
import type { Detector, Found } from '../masking/detector.ts';
import { type SecretName, secretName } from '../masking/secret-name.ts';
import { isNoSecret, isPassword, isRandom } from '../masking/secret-value.ts';

const SPACE = 0x20;
const EQUALS = 0x3d;
const EXCLAMATION = 0x21;
/** What may stand between a name and its value, and what ends a value. */
const BETWEEN = tableOf(' \t\n=:>!?,(-~)]\\"\'`');
const STOPS = tableOf(',;<>()[]{}|&\\"\'`');
const BEFORE = 40;
const AFTER = 32;
/** How far behind its name a value may begin. */
const GAP = 48;
const MIN_VALUE = 6;
/** How much of a value is looked at before it is made a text. */
const LOOK = 32;
const MAX_VALUE = 240;
const NAME = /^[\w.-]*/;
const PLACEHOLDER = /SP_[A-Z]{2,10}_/;
const NAME_BACK = /[\w.-]*$/;
/** What stands between a name and its value, by how much it says. */
const ASSIGNS =
  /^["'`]{0,2}\)?\]?[ \t]{0,20}(?::[ \t]{0,4}\w{1,16}(?:\[\])?[ \t]{0,8}=|[:=]{1,3}|!==?|=>|->|→|:=|\?=)[>~]?[ \t]{0,20}(?:\n[ \t]{1,20}(?=["'`]))?(?:[a-z]{1,2}(?=["']))?/;
const PASSES = /^["'`]?[ \t]{0,2},[ \t\n]{0,20}(?=["'`])|^\([ \t]{0,2}(?=["'`])/;
const VALUED = /^["'][ \t]{1,4}(?:value|content|default)[ \t]{0,2}=[ \t]{0,2}/i;
const CONTAINS = /^>[ \t]{0,4}/;
const SAYS = /^["'`]?[ \t]{1,2}(?:is|was|are|ist|es|é|est)[ \t:]{1,3}/;
const BESIDE = /^["'`]?[ \t]{1,2}(?=["'`]?[A-Za-z0-9+/_-]{12})/;
const SWITCH = /^--?[a-z]/i;
const BLANKS = /^[ \t]{1,2}/;
const QUOTES = /^["'`]{1,2}/;
const BARE = /^[^\s"'`,;<>()[\]{}|&\\]*/;
const CONSTANT = /^[A-Z][A-Z\d_]+$/;
const COMPARES = /[=!]=/;
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;
const ACCESS = /api|auth|access|private|secret|license|passw/i;
const IDENTIFIER = /^[A-Za-z_]+\d?$/;
const MEMBER = /^[A-Za-z_$][\w$]*(?:\??\.[A-Za-z_$][\w$]*)+$/;

/**
 * How a value stands behind its name. 'constant': `NAME=value`, as in an environment. 'named': as in a configuration, where values have no quotes. 'code': as in a program. 'compared':
 * the same, with an operator that compares. 'passed': as an argument. 'beside': with nothing but a blank or a verb between.
 */
type Form = 'constant' | 'named' | 'code' | 'compared' | 'passed' | 'beside';

function tableOf(chars: string): Uint8Array {
  const table = new Uint8Array(128);
  for (let i = 0; i < chars.length; i++) table[chars.charCodeAt(i)] = 1;
  return table;
}

/** Finds values of named secrets. */
export const assignedSecret: Detector = {
  name: 'assigned-secret',
  kind: 'secrets',
  word: 'SECRET',
  anchors: ['secret', 'token', 'pass', 'pwd', 'key', 'auth', 'cred', 'pw:', 'pw=', '_pat', 'webhook', 'senha', 'license', 'access'],
  anyCase: true,
  reach: { before: BEFORE, after: GAP },
  glance: (bytes, _at, end) => mayAssign(bytes, end),
  find: valueAt,
  examples: {
    yes: [
      'DB_PASSWORD=eGUtpaPRgUVlxCgM',
      'aws_secret_access_key: "kK2lYduFWPpTdaz/xqhUiCFl3kVVd1A1i5XuVMFK"',
      'mysql --user=master --password=morQt316Lk!',
      'if (password == "77S3cr3tW0rd@@") {',
      "const clientSecret = '8fe3dfc9322ba2dd843debfafa5c4e252cebfbdf';",
      '<add key="ClearTextPassword" value="WinterPassword7" />',
      'the api key is PSxesKMrT1IqVxijSO8mQTOtDoRz74cq92VTEPcb',
      'client.setPassword("Vl1#yw68lrZ")',
      "os.getenv('SERVICE_KEY', '279ec241cd8aceb75e96362876be2d43')",
      'https://x.test/get?token=iWpVCcqad87cWROPlFsbe6oJEiKGs62oC24mf8Kvu8jL9U',
      'X-Api-Key: 9839de2ce1b81f53edcf8b135a4f2ace',
      '<password>hunter2-Zx9</password>',
    ],
    no: [
      'keyReleased = kVK_Escape.u8',
      'token = getToken(user1)',
      'password: string',
      'API_KEY=$' + '{API_KEY}',
      'secret_name: my-secret-2',
      'password = var.db_password1',
      '"password": "Mot de passe"',
      'password: "Passwort"',
      'orderKey = "27"',
      'max_tokens: 200000',
      'public_key = 9839de2ce1b81f53edcf8b135a4f2ace',
      'token_type=bearer',
      'password=SP_SECRET_ABCDEFGHIJKL',
      'password=[SECRET_REDACTED]',
      'the key to success is 3 things',
      'key: user.address.zip2',
      'compass = "N45E90x1"',
      'author: j0hn.d0e',
    ],
  },
};

/** Whether an assignment, a switch or a blank comes soon, and behind it something that is no plain word. */
function mayAssign(bytes: Uint8Array, end: number): boolean {
  let i = end;
  const limit = end + AFTER;
  while (i < limit && isOfName(bytes[i]!)) i++;
  let compares = false;
  const behind = i + GAP;
  for (; i < behind; i++) {
    const byte = bytes[i]!;
    if (byte === EQUALS && bytes[i + 1] === EQUALS) compares = true;
    else if (byte === EXCLAMATION && bytes[i + 1] === EQUALS) compares = true;
    if (byte < 0x80 && !BETWEEN[byte]) break;
  }
  // A verb, or the type of a variable, may stand before the value; then it is looked at as text.
  let length = 0;
  let kinds = 0;
  for (; length < LOOK; length++) {
    const byte = bytes[i + length]!;
    if (!(byte > 0x20) || byte >= 0x80 || STOPS[byte]) break;
    kinds |= byte >= 0x61 && byte <= 0x7a ? 1 : byte >= 0x41 && byte <= 0x5a ? 2 : 4;
  }
  if (bytes[i + length] === SPACE && (bytes[i + length + 1] === EQUALS || isVerb(bytes, i, length))) return true;
  return length >= MIN_VALUE && (compares || kinds > 2);
}

/** `is`, `was` and the like. */
function isVerb(bytes: Uint8Array, at: number, length: number): boolean {
  return length > 0 && length < 4 && bytes[at - 1] === SPACE;
}

function isOfName(byte: number): boolean {
  return isIn(byte, ALNUM) || byte === 0x5f || byte === 0x2d || byte === 0x2e;
}

function valueAt(text: string, at: number): Found | undefined {
  const head = NAME_BACK.exec(text.slice(Math.max(0, at - BEFORE), at))![0];
  const tail = NAME.exec(text.slice(at, at + AFTER))![0];
  const name = head + tail;
  // In `a:pw:b` the name is a value; and a placeholder may have such a word in it.
  if (/[:=]/.test(text[at - head.length - 1] ?? '') || PLACEHOLDER.test(name)) return undefined;
  const speaks = secretName(name);
  if (speaks === undefined) return undefined;
  const from = at + tail.length;
  const between = text.slice(from, from + GAP);
  const isSwitch = SWITCH.test(name);
  const assigned = ASSIGNS.exec(between) ?? VALUED.exec(between) ?? CONTAINS.exec(between);
  if (assigned) {
    const found = taken(text, from + assigned[0].length, speaks, formOf(name, text, at - head.length, assigned[0]));
    return found && isForAll(name, text, at - head.length, found) ? undefined : found;
  }
  const passed = PASSES.exec(between);
  if (passed) return taken(text, from + passed[0].length, speaks, CONSTANT.test(name) ? 'code' : 'passed');
  const beside = SAYS.exec(between) ?? (isSwitch ? BLANKS : BESIDE).exec(between);
  return beside ? taken(text, from + beside[0].length, speaks, isSwitch ? 'named' : 'beside') : undefined;
}

/** An id behind a name that says nothing of access; and in a minified bundle the key that each visitor gets. */
function isForAll(name: string, text: string, start: number, { start: from, end }: Found): boolean {
  if (UUID.test(text.slice(from, end))) return !ACCESS.test(name);
  return name === 'apiKey' && /[,{]/.test(text[start - 1] ?? '') && /^["'][,}]/.test(text.slice(end, end + 2));
}

function formOf(name: string, text: string, start: number, between: string): Form {
  if (COMPARES.test(between)) return 'compared';
  if (between === '=' && CONSTANT.test(name)) return 'constant';
  const isNamed = SWITCH.test(name) || between === '=' || /^["'`]?\)?:[ \t]{0,4}$/.test(between) || CONSTANT.test(name);
  return isNamed || start === 0 || text[start - 1] === '\n' || text[start - 1] === '<' ? 'named' : 'code';
}

/** The value that begins at `start`, if it is one. */
function taken(text: string, start: number, speaks: SecretName, form: Form): Found | undefined {
  const quote = QUOTES.exec(text.slice(start, start + 2))?.[0] ?? '';
  const from = start + quote.length;
  const ahead = text.slice(from, from + MAX_VALUE);
  const own = quote === '' ? bare(ahead) : ahead.slice(0, Math.max(0, ahead.indexOf(quote.at(-1)!)));
  if (own.length < MIN_VALUE || own.length >= MAX_VALUE || isNoSecret(own)) return undefined;
  const next = text[from + own.length];
  if (quote === '' && (next === '(' || next === '[' || MEMBER.test(own))) return undefined;
  return isRandom(own) || (speaks === 'password' && mayBePassword(own, quote !== '', form))
    ? { start: from, end: from + own.length, keepPrefix: 0 }
    : undefined;
}

/** A value without quotes: not the punctuation of the sentence it ends. */
function bare(ahead: string): string {
  return BARE.exec(ahead)![0].replace(/[.:?]+$/, '');
}

function mayBePassword(own: string, isQuoted: boolean, form: Form): boolean {
  switch (form) {
    case 'compared':
      return isQuoted && /^[\w@.!$%-]+$/.test(own);
    case 'constant':
      return isPassword(own);
    case 'named':
      return isPassword(own) && (isQuoted || !IDENTIFIER.test(own));
    case 'code':
      return isQuoted && isPassword(own);
    case 'passed':
      return isPassword(own) && /[!@#$%^&*]/.test(own);
    default:
      return false;
  }
}
