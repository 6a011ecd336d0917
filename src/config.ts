// The settings of one run: flag over environment over file over default, each value with its origin. Pure: flags,
// environment and file text are arguments. Must not know yargs, nor what a host pattern is (the grammar is handed in).
import { isAbsolute, join, resolve } from 'node:path';
import type { z } from 'zod';
import { ConfigError, type ConfigText, parseConfigText } from './config-file.ts';
import { type ConfigKey, KEYS, type KeyRow } from './config-keys.ts';
import { type ConfigGrammar, FLOW_WORDS, guardrailKeys, isLoopback, PRICE_NAMES, shapes } from './config-schema.ts';
import { didYouMean } from './nearest.ts';
import { ruleComplaint } from './rule-schema.ts';

type Shapes = ReturnType<typeof shapes>;
type Unset = 'transparent_port' | 'parent_proxy' | 'proxy_auth' | 'metrics' | 'traces' | 'ca_file' | 'ready_file' | 'ready_fd';

/** Checked settings under the names of the file's keys. Paths are absolute. */
export type Config = { readonly [K in Exclude<ConfigKey, Unset>]: z.output<Shapes[K]> } & {
  readonly [K in Unset]: z.output<Shapes[K]> | undefined;
};

/** Where a value came from, as a user would say it: `default`, `--listen`, `SALLYPORT_LISTEN`, `FILE:LINE`. */
export type Origin = string;

/** All that the settings are made from. */
export interface ConfigSources {
  /** By key (`connect_to`), as the command line gave them: text, array of text, or boolean. Undefined: not given. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly file: { readonly path: string; readonly text: string } | undefined;
  /** Default for `home`, absolute. */
  readonly home: string;
  /** Relative paths of flags and environment start here; those of the file in its own folder. */
  readonly cwd: string;
  /** What `~/` stands for. */
  readonly userHome: string;
  readonly grammar: ConfigGrammar;
}

/** The settings, and where each came from. */
export interface LoadedConfig {
  readonly config: Config;
  /** By key; maps also by member (`mask.email`), rules by id (`rules.no-tokens`). */
  readonly origins: Readonly<Record<string, Origin>>;
  /** The file that was read. */
  readonly file: string | undefined;
  /** Things that are not wrong enough to stop. */
  readonly notices: readonly string[];
}

/** `SALLYPORT_CONNECT_TO` for `connect_to`. */
export function environmentName(key: string): string {
  return `SALLYPORT_${key.toUpperCase()}`;
}

/** `--connect-to` for `connect_to`. */
export function flagName(key: string): string {
  return `--${key.replaceAll('_', '-')}`;
}

const DEFAULTS: { [K in Exclude<ConfigKey, Unset | 'home' | 'mask'>]: z.input<Shapes[K]> } = {
  listen: '127.0.0.1:8898',
  when_down: 'refuse',
  intercept: [],
  connect_to: [],
  upstream_ca: [],
  inject: [],
  rules: [],
  known_values: { files: [] },
  restore_to: {},
  keep_placeholders_in: [],
  guardrails: {},
  prices: {},
  allow_uids: ['self'],
  allow_remote: false,
  connect_ports: [],
  allow_private: [],
  audit: { keep_days: 90, max_bytes: 2 ** 30, on_failure: 'continue' },
  resilience: { mode: 'observe' },
  on_attested_body: 'mask',
  max_body_bytes: 32 * 1024 * 1024,
  idle_seconds: 600,
  head_seconds: 15,
  drain_seconds: 25,
  max_connections: 20_000,
  log_level: 'info',
};

/** What other tools call `audit.keep_days`. */
const RETENTION = 'CALL_LOG_RETENTION_DAYS';

/** Variables with our prefix that are no keys. */
const OTHER_VARIABLES = ['SALLYPORT_CONFIG', 'SALLYPORT_PASSPHRASE', 'SALLYPORT_PASSPHRASE_FILE'];

interface Layer {
  readonly source: ConfigError['source'];
  readonly base: string;
  readonly values: Readonly<Record<string, unknown>>;
  readonly origin: (key: string, path?: readonly PropertyKey[]) => Origin;
}

/** Throws ConfigError with one line for the user; it names the key path and where it stands, never a secret value. */
export function readConfig(sources: ConfigSources): LoadedConfig {
  const schema = shapes(sources.grammar);
  const text = sources.file && parseConfigText(sources.file.path, sources.file.text);
  if (text) refuseUnknownKeys(text);
  const layers = layersOf(sources, text);
  const values: Record<string, unknown> = {};
  const origins: Record<string, Origin> = {};
  for (const key of Object.keys(KEYS) as ConfigKey[]) {
    // Lowest first, so that a mistake in a value that is overridden is still a mistake.
    for (const layer of layers) {
      const raw = layer.values[key];
      if (raw === undefined || raw === null) continue;
      const value = absolute(key, checked(schema[key], key, raw, layer, sources.grammar), layer.base, sources.userHome);
      if (KEYS[key].kind === 'map') {
        values[key] = { ...(values[key] as object), ...(value as object) };
        for (const member of Object.keys(value as object)) origins[`${key}.${member}`] = layer.origin(key, [key, member]);
      } else values[key] = value;
      if (key === 'rules')
        for (const [i, { id }] of (value as Config['rules']).entries()) origins[`rules.${id}`] = layer.origin(key, [key, i]);
      origins[key] = layer.origin(key);
    }
    values[key] ??= undefined;
  }
  const config = values as unknown as Config;
  refuseOpenListener(config);
  return { config, origins, file: sources.file?.path, notices: unknownVariables(sources.environment) };
}

function layersOf(sources: ConfigSources, text: ConfigText | undefined): Layer[] {
  const keys = Object.keys(KEYS) as ConfigKey[];
  const environment = Object.fromEntries(keys.map((k) => [k, fromText(KEYS[k], sources.environment[environmentName(k)])]));
  const flags = Object.fromEntries(keys.map((k) => [k, fromFlag(KEYS[k], sources.flags[k])]));
  const retention = sources.environment[RETENTION];
  const layers: Layer[] = [
    {
      source: 'combination',
      base: sources.cwd,
      values: { ...DEFAULTS, mask: sources.grammar.kinds, home: sources.home },
      origin: () => 'default',
    },
    { source: 'environment', base: sources.cwd, values: retention ? { audit: { keep_days: retention } } : {}, origin: () => RETENTION },
    { source: 'environment', base: sources.cwd, values: environment, origin: (k) => environmentName(k) },
    { source: 'flag', base: sources.cwd, values: flags, origin: (k) => flagName(k) },
  ];
  if (text && sources.file) {
    const base = resolve(sources.file.path, '..');
    layers.splice(1, 0, { source: 'file', base, values: text.values, origin: (k, path) => text.place(path ?? [k]) });
  }
  return layers;
}

function refuseUnknownKeys(text: ConfigText): void {
  const unknown = Object.keys(text.values).find((k) => !Object.hasOwn(KEYS, k));
  if (unknown === undefined) return;
  throw new ConfigError('file', `${text.place([unknown])}: unknown key «${unknown}»${didYouMean(unknown, Object.keys(KEYS))}`);
}

function checked(shape: z.ZodType, key: ConfigKey, raw: unknown, layer: Layer, grammar: ConfigGrammar): unknown {
  const result = shape.safeParse(raw);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const path = [key, ...issue.path];
  const where =
    layer.source === 'file' ? `${layer.origin(key, path)}: ${pathText(path)}` : `${layer.origin(key)}${pathText(path).slice(key.length)}`;
  throw new ConfigError(layer.source, `${where}: ${complaint(issue, key, grammar)}`);
}

function complaint(issue: z.core.$ZodIssue, key: ConfigKey, grammar: ConfigGrammar): string {
  const row: KeyRow = KEYS[key];
  if (key === 'rules' && issue.path.length > 0) return ruleComplaint(issue);
  if (key === 'guardrails' && issue.path[1] === 'module') {
    return `is missing: a guardrail that is not built in names its module${didYouMean(String(issue.path[0]), Object.keys(grammar.guardrails ?? {}))}`;
  }
  if (issue.code === 'unrecognized_keys') {
    const name = issue.keys[0]!;
    return `unknown key «${name}»${didYouMean(name, namesIn(key, grammar))}`;
  }
  if (issue.code === 'custom' && issue.message !== 'shape') return issue.message;
  if (issue.code === 'invalid_format' && issue.message !== 'shape') return issue.message;
  if (issue.code === 'invalid_type' && issue.path.length > 0) {
    return issue.message.endsWith('received undefined') ? 'is missing' : `expected ${issue.expected}; ${key} takes ${row.expects}`;
  }
  if (issue.code === 'too_small' && issue.message !== 'shape' && issue.origin === 'string') return 'is empty';
  return `expected ${row.expects}`;
}

function namesIn(key: ConfigKey, grammar: ConfigGrammar): readonly string[] {
  if (key === 'mask' || key === 'restore_to') return Object.keys(grammar.kinds);
  if (key === 'guardrails') return guardrailKeys(grammar);
  if (key === 'audit') return Object.keys(DEFAULTS.audit);
  if (key === 'resilience') return FLOW_WORDS;
  if (key === 'prices') return PRICE_NAMES;
  return ['host', 'header', 'value', 'replaces', 'profiles', 'url', 'no_proxy', 'listen', 'endpoint'];
}

function pathText(path: readonly PropertyKey[]): string {
  return path.map((step, i) => (typeof step === 'number' ? `[${step}]` : `${i > 0 ? '.' : ''}${String(step)}`)).join('');
}

/** What an environment variable's text stands for; what cannot be read stays text, for the schema to refuse. */
function fromText(row: KeyRow, text: string | undefined): unknown {
  if (text === undefined || text === '') return undefined;
  if (row.kind === 'list' || row.kind === 'map')
    return fromFlag(
      row,
      text
        .split(',')
        .map((t) => t.trim())
        .filter((t) => t !== ''),
    );
  if (row.kind === 'objects') {
    const value = fromJson(text);
    return Array.isArray(value) ? value : [value];
  }
  return fromFlag(row, text);
}

function fromFlag(row: KeyRow, given: unknown): unknown {
  if (given === undefined) return undefined;
  const items = Array.isArray(given) ? given : [given];
  switch (row.kind) {
    case 'list':
      return row.argument === 'PORT' ? items.map(number) : items;
    case 'map':
      return Object.fromEntries(items.map((t) => [String(t).split('=')[0]!.trim(), String(t).split('=').slice(1).join('=').trim()]));
    case 'objects':
      return items.map((t) => fromJson(String(t)));
    case 'number':
      return number(items.at(-1));
    case 'switch':
      return toggle(items.at(-1));
    case 'text-or-object':
      return String(items.at(-1)).trimStart().startsWith('{') ? fromJson(String(items.at(-1))) : items.at(-1);
    default:
      return items.at(-1);
  }
}

function number(text: unknown): unknown {
  return /^-?\d+(\.\d+)?$/.test(String(text)) ? Number(text) : text;
}

function toggle(text: unknown): unknown {
  const word = String(text).toLowerCase();
  return ['1', 'true', 'yes', 'on'].includes(word) ? true : ['0', 'false', 'no', 'off'].includes(word) ? false : text;
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function absolute(key: ConfigKey, value: unknown, base: string, userHome: string): unknown {
  const one = (p: string) => (p.startsWith('~/') ? join(userHome, p.slice(2)) : isAbsolute(p) ? resolve(p) : resolve(base, p));
  if (key === 'known_values') return { files: (value as { readonly files: readonly string[] }).files.map(one) };
  if (key === 'guardrails') {
    const settings = Object.entries(value as Record<string, { readonly module?: string }>);
    return Object.fromEntries(settings.map(([name, row]) => [name, row.module === undefined ? row : { ...row, module: one(row.module) }]));
  }
  if (!('path' in KEYS[key])) return value;
  return Array.isArray(value) ? value.map(one) : one(value as string);
}

/** Throws ConfigError for an address that other machines can reach, unless the settings mean it. */
export function refuseOpenListener(config: Pick<Config, 'listen' | 'allow_remote' | 'proxy_auth'>): void {
  const { host, port } = config.listen;
  if (isLoopback(host)) return;
  if (config.allow_remote && config.proxy_auth !== undefined) return;
  const missing = [!config.allow_remote && 'allow_remote: true', config.proxy_auth === undefined && 'proxy_auth']
    .filter(Boolean)
    .join(' and ');
  throw new ConfigError('combination', `listen: ${host}:${port} can be reached from other machines; that needs ${missing} as well`);
}

function unknownVariables(environment: Readonly<Record<string, string | undefined>>): string[] {
  const known = [...Object.keys(KEYS).map(environmentName), ...OTHER_VARIABLES];
  return Object.keys(environment)
    .filter((name) => name.startsWith('SALLYPORT_') && !known.includes(name))
    .map((name) => `the environment variable ${name} is not known${didYouMean(name, known)}`);
}
