// The keys that vendors give out: how one looks, where it goes, under which variable clients look for it, and what can stand for one so
// that a client which checks the form lets it pass. Must not know a value for longer than a question takes.
import type { HostPattern } from './host-pattern.ts';
import { parseAwsKey } from './sigv4.ts';

/** One family of keys. */
export interface KeyShape {
  readonly name: string;
  /** Where such a key goes. */
  readonly hosts: readonly HostPattern[];
  readonly variable: string;
  /** Other variables under which some client looks for the same key. */
  readonly also?: readonly string[];
  /** What the whole key looks like. */
  readonly form: RegExp;
  /** The same in words, for the line that refuses another. */
  readonly words: string;
  /** What a stand-in begins with, so that clients take it for a key; random letters and digits follow. */
  readonly prefix: string;
  /** Of a stand-in. */
  readonly length: number;
}

const host = (...names: string[]) => names;

/** By what clients use; the first whose host a credential names is asked. */
export const KEY_SHAPES: readonly KeyShape[] = Object.freeze([
  {
    name: 'anthropic',
    hosts: host('api.anthropic.com'),
    variable: 'ANTHROPIC_API_KEY',
    form: /^sk-ant-[A-Za-z0-9_-]{20,}$/,
    words: 'sk-ant- and 20 characters or more',
    prefix: 'sk-ant-api03-',
    length: 108,
  },
  {
    name: 'openai',
    hosts: host('api.openai.com'),
    variable: 'OPENAI_API_KEY',
    // `codex exec` looks under no other.
    also: ['CODEX_API_KEY'],
    form: /^sk-[A-Za-z0-9_-]{37,}$/,
    words: 'sk- and 40 characters or more in all',
    prefix: 'sk-proj-',
    length: 64,
  },
  {
    name: 'chatgpt',
    hosts: host('chatgpt.com'),
    variable: 'CODEX_ACCESS_TOKEN',
    form: /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/,
    words: 'a JSON web token: three parts with dots between them',
    prefix: 'eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.',
    length: 200,
  },
  {
    name: 'google',
    hosts: host('generativelanguage.googleapis.com'),
    variable: 'GEMINI_API_KEY',
    form: /^(?:AIza[A-Za-z0-9_-]{35}|AQ\.[A-Za-z0-9_-]{20,})$/,
    words: 'AIza and 35 characters',
    prefix: 'AIzaSy',
    length: 39,
  },
  {
    name: 'github',
    hosts: host('api.githubcopilot.com', 'api.github.com'),
    variable: 'COPILOT_GITHUB_TOKEN',
    form: /^(?:github_pat_[A-Za-z0-9_]{22,}|gh[opsu]_[A-Za-z0-9]{36,})$/,
    words: 'github_pat_ or gho_, and 22 characters or more',
    prefix: 'github_pat_',
    length: 93,
  },
  {
    name: 'openrouter',
    hosts: host('openrouter.ai'),
    variable: 'OPENROUTER_API_KEY',
    form: /^sk-or-v1-[0-9a-f]{64}$/,
    words: 'sk-or-v1- and 64 hexadecimal digits',
    prefix: 'sk-or-v1-',
    length: 73,
  },
  {
    name: 'xai',
    hosts: host('api.x.ai'),
    variable: 'XAI_API_KEY',
    form: /^xai-[A-Za-z0-9]{40,}$/,
    words: 'xai- and 40 characters or more',
    prefix: 'xai-',
    length: 84,
  },
  {
    name: 'mistral',
    hosts: host('api.mistral.ai'),
    variable: 'MISTRAL_API_KEY',
    form: /^[A-Za-z0-9]{32}$/,
    words: '32 letters and digits',
    prefix: '',
    length: 32,
  },
  {
    name: 'perplexity',
    hosts: host('api.perplexity.ai'),
    variable: 'PERPLEXITY_API_KEY',
    form: /^pplx-[A-Za-z0-9]{40,}$/,
    words: 'pplx- and 40 characters or more',
    prefix: 'pplx-',
    length: 53,
  },
]);

/** Keys of hosts that every customer has another of, so that none is known by its variable. */
const FORMS: readonly { readonly host: RegExp; readonly form: RegExp; readonly words: string }[] = [
  {
    host: /\.(openai|cognitiveservices|services\.ai)\.azure\.com$/,
    form: /^(?:[0-9a-f]{32}|[A-Za-z0-9]{84})$/,
    words: '32 hexadecimal digits, or 84 letters and digits',
  },
  { host: /(^|-)aiplatform\.googleapis\.com$/, form: /^ya29\.[\w-]{20,}$/, words: 'an access token, ya29. and more' },
];
const AWS_REGION = /\.([a-z0-9-]+)\.amazonaws\.com$/;
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const AWS_SECRET_LENGTH = 40;
const AWS_KEY_ID = /^(?:AKIA|ASIA)/;
const AWS_KEY_ID_LENGTH = 20;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const HEX = '0123456789abcdef';
/** A word of ours within, so that one that turns up somewhere is known for what it is. */
const MARK = 'SALLYPORT';

/** The family of keys for one of these hosts. */
export function shapeFor(hosts: readonly string[]): KeyShape | undefined {
  return KEY_SHAPES.find((shape) => shape.hosts.some((own) => hosts.includes(own)));
}

/** The variables under which clients look for a key that is looked for under this one, it first. */
export function variablesFor(variable: string): readonly string[] {
  // Its clients want a secret to sign with; that signature is not the one that leaves.
  if (variable === 'AWS_ACCESS_KEY_ID') return [variable, 'AWS_SECRET_ACCESS_KEY'];
  return [variable, ...(KEY_SHAPES.find((shape) => shape.variable === variable)?.also ?? [])];
}

/** What is odd about a key for these hosts, one line that does not repeat it; undefined: nothing. Formats change, so nobody is sure. */
export function lintKey(value: string, hosts: readonly string[]): string | undefined {
  if (/\s/.test(value)) return 'it holds white space: was more copied than the key?';
  if (/^(["']).*\1$/.test(value)) return 'it stands in quotes, which are hardly part of it';
  if (AWS_KEY_ID.test(value) && value.length !== AWS_KEY_ID_LENGTH) {
    return `an AWS access key id has exactly ${AWS_KEY_ID_LENGTH} characters; this has ${value.length}`;
  }
  if (/^https?:\/\//.test(value)) return 'it is an address, not a key: that belongs to the settings of the client';
  if (/^api-version=|^\d{4}-\d\d-\d\d(-preview)?$/.test(value)) return 'it is the version of an API, not a key';
  if (value.startsWith('{'))
    return 'it is a file of a service account or the like, not a key: keep what it gives out, such as by --reference';
  const own = FORMS.find(({ host }) => hosts.some((one) => host.test(one)));
  if (own && !own.form.test(value)) return `a key for ${hosts[0]} is ${own.words}; this is not`;
  const shape = shapeFor(hosts);
  return !shape || shape.form.test(value) ? undefined : `a key for ${shape.hosts[0]} is ${shape.words}; this is not`;
}

/** The same for a pair of AWS: `ID:SECRET`, and `:TOKEN` with a temporary one. */
export function lintAwsKey(value: string, hosts: readonly string[] = []): string | undefined {
  if (/\s/.test(value)) return 'it holds white space: was more copied than the key?';
  const key = parseAwsKey(value);
  if (!key) return 'a pair of AWS is ACCESS_KEY_ID:SECRET_ACCESS_KEY, with :SESSION_TOKEN behind it if there is one; this is not';
  if (!AWS_KEY_ID.test(key.id)) return 'an AWS access key id begins with AKIA or ASIA; this does not';
  if (key.id.length !== AWS_KEY_ID_LENGTH) return lintKey(key.id, []);
  if (key.secret.length !== AWS_SECRET_LENGTH) {
    return `an AWS secret access key has exactly ${AWS_SECRET_LENGTH} characters; this has ${key.secret.length}`;
  }
  if (key.id.startsWith('ASIA') && key.token === undefined) return 'a temporary pair (ASIA) needs its session token';
  const region = hosts.map((host) => AWS_REGION.exec(host)?.[1]).find((one) => one !== undefined && !/^[a-z]{2}(-[a-z]+)+-\d$/.test(one));
  return region === undefined ? undefined : `«${region}» is no region of AWS, as eu-west-1 is`;
}

/** What stands for an access key id of AWS: of the same form, made from random bytes (64 at least). */
export function awsStandIn(random: Uint8Array): string {
  const begin = `AKIA${MARK}`;
  return begin + Array.from({ length: AWS_KEY_ID_LENGTH - begin.length }, (_, i) => BASE32[random[i]! % BASE32.length]).join('');
}

/** What stands for a key of these hosts: of the same form, made from random bytes (64 at least). */
export function standInFor(hosts: readonly string[], random: Uint8Array): string {
  const shape = shapeFor(hosts);
  const prefix = shape?.prefix ?? 'sallyport-';
  // Hexadecimal digits spell no word.
  const isHex = shape?.name === 'openrouter';
  const letters = isHex ? HEX : ALPHABET;
  const begin = isHex ? prefix : `${prefix}${MARK}`;
  const length = (shape?.length ?? 48) - begin.length;
  const body = Array.from({ length }, (_, i) => letters[random[i % random.length]! % letters.length]).join('');
  return shape?.name === 'chatgpt'
    ? `${prefix}${Buffer.from(JSON.stringify({ sub: body.slice(0, 40) })).toString('base64url')}.`
    : begin + body;
}
