// The shape of each key of sallyport.yaml: what a file may say and what the daemon gets. Must not know where a value
// came from, nor touch files or environment.
import { z } from 'zod';
import { parseAuthority } from './authority.ts';
import type { ConfigKey } from './config-keys.ts';
import { attempt, RULE_ACTIONS, type RuleGrammar, ruleShape, withoutTwins } from './rule-schema.ts';

/** Grammar that a higher floor owns; each throws an Error whose message says what is wrong. */
export interface ConfigGrammar extends RuleGrammar {
  /** The value of an `inject` entry, as it is. */
  readonly template: (text: string) => string;
  /** What may be said of each built-in guardrail. */
  readonly guardrails?: Readonly<Record<string, z.ZodObject>>;
}

/** An address to listen on; port 0 lets the system choose. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** One `connect_to` entry; `port` undefined keeps the port asked for. */
export interface ConnectToEntry {
  readonly pattern: string;
  readonly host: string;
  readonly port: number | undefined;
}

const seconds = (least: number) => z.number().min(least).max(86_400);
const path = z.string().min(1);
/** A port alone is a number in YAML. */
const listenText = z.union([z.string(), z.number()]);
/** A whole number; in a flag it is written as text. */
const numeral = (least: number, most: number) =>
  z
    .union([z.int(), z.string().regex(/^\d+$/, 'shape').transform(Number)], 'shape')
    .refine((value) => value >= least && value <= most, 'shape');

/** The shape of each key; a schema turns what the file says into what the daemon uses. */
export function shapes(grammar: ConfigGrammar) {
  const pattern = z.string().transform((text, ctx) => attempt(ctx, () => grammar.hostPattern(text)));
  return {
    listen: listenText.transform((v, ctx) => attempt(ctx, () => parseListen(String(v)))),
    transparent_port: z.int().min(0).max(65_535),
    when_down: z.enum(['refuse', 'direct']),
    home: path,
    intercept: z.array(pattern),
    connect_to: z.array(z.string().transform((text, ctx) => attempt(ctx, () => parseConnectTo(text, grammar)))),
    upstream_ca: z.array(path),
    inject: z.array(
      z.strictObject({
        host: pattern,
        header: z
          .string()
          .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'not a header name')
          .regex(NO_KEY_GOES_THERE, 'a header that frames or routes the request holds no key')
          .toLowerCase(),
        value: z.string().transform((text, ctx) => attempt(ctx, () => grammar.template(text))),
        replaces: z.string().min(1, 'empty').optional(),
        profiles: z.array(z.string().min(1)).optional(),
      }),
    ),
    mask: z.strictObject(Object.fromEntries(Object.keys(grammar.kinds).map((kind) => [kind, action.optional()]))),
    rules: z.array(ruleShape(grammar)).transform((rules, ctx) => attempt(ctx, () => withoutTwins(rules))),
    known_values: z.union(
      [
        path.transform((file) => ({ files: [file] })),
        z.strictObject({ files: z.union([path.transform((file) => [file]), z.array(path)]).default([]) }),
      ],
      'shape',
    ),
    restore_to: z.strictObject(Object.fromEntries(Object.keys(grammar.kinds).map((kind) => [kind, returnTo.optional()]))),
    keep_placeholders_in: z.array(z.string().trim().min(1)),
    guardrails: guardrails(grammar.guardrails ?? {}),
    prices: z.record(z.string().min(1), price),
    parent_proxy: z
      .union(
        [
          z.string().transform((url) => ({ url, no_proxy: [] as string[] })),
          z.strictObject({ url: z.string(), no_proxy: z.array(z.string()).default([]) }),
        ],
        'shape',
      )
      .transform((v, ctx) => attempt(ctx, () => ({ url: parseProxyUrl(v.url), noProxy: v.no_proxy }))),
    proxy_auth: z.string().regex(/^[^:\s\p{Cc}]+:[^\p{Cc}]+$/u, 'shape'),
    allow_uids: z
      .array(z.union([z.string(), z.number()]).transform((user, ctx) => attempt(ctx, () => parseUser(String(user)))))
      .transform((users) => users.filter((user) => user !== 'none')),
    allow_remote: z.boolean(),
    connect_ports: z.array(z.int().min(1).max(65_535)),
    allow_private: z.array(pattern),
    audit: z.strictObject({
      keep_days: numeral(1, 36_500).optional(),
      max_bytes: numeral(2 ** 20, 2 ** 50).optional(),
      on_failure: z.enum(['block', 'continue']).optional(),
    }),
    resilience: z.strictObject({
      ...flowWords,
      hosts: z
        .record(z.string(), z.strictObject(flowWords))
        .transform((hosts, ctx) => attempt(ctx, () => byPattern(hosts, grammar)))
        .optional(),
    }),
    on_attested_body: z.enum(['mask', 'block', 'observe']),
    max_body_bytes: z
      .int()
      .min(1024)
      .max(2 ** 31),
    idle_seconds: seconds(1),
    head_seconds: seconds(1),
    drain_seconds: seconds(0),
    max_connections: z.int().min(1).max(1_000_000),
    log_level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    metrics: z
      .union([listenText.transform((listen) => ({ listen })), z.strictObject({ listen: listenText })], 'shape')
      .transform((v, ctx) => attempt(ctx, () => ({ listen: parseLoopback(String(v.listen)) }))),
    traces: z
      .union([z.string().transform((endpoint) => ({ endpoint })), z.strictObject({ endpoint: z.string() })], 'shape')
      .transform((v, ctx) => attempt(ctx, () => ({ endpoint: parseEndpoint(v.endpoint) }))),
    ca_file: path,
    ready_file: path,
    ready_fd: z.int().min(1).max(1023),
  } satisfies Record<ConfigKey, z.ZodType>;
}

/** What says where a request goes, how long it is, and what belongs to one hop. */
const NO_KEY_GOES_THERE =
  /^(?!(?:host|content-length|transfer-encoding|content-encoding|content-type|connection|keep-alive|te|trailer|upgrade|expect|proxy-.*|x-sallyport-.*)$)/i;

/** USD per million tokens; nobody has ever asked for more. */
const usd = z.number().min(0, 'shape').max(1_000_000, 'shape');
const price = z.strictObject({ input: usd, output: usd, cached_input: usd.optional(), cache_write: usd.optional() });

/** What a price is made of, for the error line. */
export const PRICE_NAMES: readonly string[] = Object.keys(price.shape);

/** A guardrail of the user's own. */
const own = z.strictObject({
  module: path,
  on_fault: z.enum(['deny', 'pass']),
  deadline_ms: z.int().min(1).max(60_000).default(1000),
  rank: z.int().default(50),
});

/** Settings by guardrail: what is not built in is the user's own. */
function guardrails(builtIn: NonNullable<ConfigGrammar['guardrails']>) {
  return z.object(Object.fromEntries(Object.entries(builtIn).map(([name, settings]) => [name, settings.optional()]))).catchall(own);
}

/** The settings that guardrails may have, for the error line. */
export function guardrailKeys({ guardrails = {} }: ConfigGrammar): readonly string[] {
  return [own, ...Object.values(guardrails)].flatMap(({ shape }) => Object.keys(shape));
}

const action = z.enum(RULE_ACTIONS);

const mode = z.enum(['off', 'observe', 'enforce']).optional();
/** What may be said of the machines that look after a provider. */
const flowWords = {
  mode,
  limiter: mode,
  cooldown: mode,
  breaker: mode,
  lockout: mode,
  retry: mode,
  idempotency: mode,
  hold: mode,
  requests_per_minute: numeral(1, 1_000_000).optional(),
  tokens_per_minute: numeral(1, 1_000_000_000).optional(),
  queue_seconds: numeral(0, 600).optional(),
  queue_depth: numeral(0, 10_000).optional(),
  hold_seconds: numeral(1, 600).optional(),
};

/** Their names, for the error line. */
export const FLOW_WORDS: readonly string[] = [...Object.keys(flowWords), 'hosts'];

function byPattern<T>(hosts: Readonly<Record<string, T>>, grammar: ConfigGrammar): Record<string, T> {
  return Object.fromEntries(Object.entries(hosts).map(([pattern, words]) => [grammar.hostPattern(pattern), words]));
}

const returnTo = z.enum(['everything', 'text', 'none']);

/** `HOST:PORT` or `PORT`. Only addresses: a name could come to mean another interface. `localhost` is 127.0.0.1. Throws Error. */
export function parseListen(text: string): ListenAddress {
  const m = /^(?:(.+):)?(\d{1,5})$/.exec(text.trim());
  const port = Number(m?.[2]);
  if (!m || port > 65_535) throw new Error('shape');
  const host = m[1] === undefined || m[1].toLowerCase() === 'localhost' ? '127.0.0.1' : m[1];
  const at = parseAuthority(host, 1);
  if (at.kind === 'name') throw new Error(`«${host}» is a name; an address is needed`);
  return { host: at.host, port };
}

/** Who may connect there is not asked, so it is on loopback. Throws Error. */
function parseLoopback(text: string): ListenAddress {
  const address = parseListen(text);
  if (isLoopback(address.host)) return address;
  throw new Error(`${address.host} can be reached from other machines; an address such as 127.0.0.1 is needed`);
}

/** Whether only this machine reaches it. */
export function isLoopback(host: string): boolean {
  return /^127\./.test(host) || host === '::1';
}

/** `PATTERN=HOST[:PORT]`. Throws Error. */
export function parseConnectTo(text: string, grammar: ConfigGrammar): ConnectToEntry {
  const at = text.indexOf('=');
  if (at < 1) throw new Error(`«${text}» is not PATTERN=HOST[:PORT]`);
  const pattern = grammar.hostPattern(text.slice(0, at));
  if (isAddress(pattern)) throw new Error(`«${pattern}» is an address; connect_to maps names only`);
  const target = text.slice(at + 1).trim();
  const parsed = parseAuthority(target, 1);
  const ported = /^(\[.*\]|[^[\]:]+):\d+$/.test(target);
  return { pattern, host: parsed.host, port: ported ? parsed.port : undefined };
}

function parseUser(text: string): number | 'self' | 'any' | 'none' {
  if (text === 'self' || text === 'any' || text === 'none') return text;
  if (!/^\d{1,10}$/.test(text)) throw new Error(`«${text}» is no user id; beside those there are self, any and none`);
  return Number(text);
}

function isAddress(pattern: string): boolean {
  if (pattern.includes(':')) return true;
  return !pattern.includes('*') && parseAuthority(pattern, 1).kind !== 'name';
}

function parseEndpoint(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) throw new Error('shape');
  if (url.username !== '' || url.password !== '') throw new Error('a URL with a password would be shown; set OTEL_EXPORTER_OTLP_HEADERS');
  return text;
}

function parseProxyUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    !url ||
    (url.protocol !== 'http:' && url.protocol !== 'https:') ||
    url.hostname === '' ||
    (url.pathname !== '/' && url.pathname !== '')
  ) {
    throw new Error('shape');
  }
  return text;
}
