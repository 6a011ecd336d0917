// Finds the home and the configuration file, reads it, and turns the settings into what the policy takes. Must not keep
// anything: reload calls it again. Modes of files that hold secrets are checked here, since only here is it known what they hold.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { type Config, type LoadedConfig, readConfig } from '../src/config.ts';
import { ConfigError } from '../src/config-file.ts';
import { parseReference } from '../src/proxy/references/kinds.ts';
import type { Rule, RuleGrammar } from '../src/rule-schema.ts';
import { BUILT_INS, type GuardrailSettings } from '../src/rules/guardrail-settings.ts';
import { parseHostPattern } from '../src/rules/host-pattern.ts';
import { DEFAULT_ACTIONS } from '../src/rules/masking/kinds.ts';
import { KNOWN_VALUE } from '../src/rules/masking/known-scan.ts';
import { DETECTORS } from '../src/rules/masking/registry.ts';
import { compilePattern } from '../src/rules/pattern.ts';
import { type PolicySettings, PROVIDERS } from '../src/rules/policy.ts';
import { parseTemplate } from '../src/rules/template.ts';
import { checkPrivate } from '../src/store/home.ts';

/** What the settings are made from: all that a reload needs to make them again. JSON-able. */
export interface Invocation {
  /** By key of the configuration, as given. */
  readonly flags: Readonly<Record<string, unknown>>;
  /** `--config`. */
  readonly configFile: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly userHome: string;
}

/** What may be said of each built-in guardrail. */
const BUILT_IN = Object.fromEntries(BUILT_INS.map(({ name, settings }) => [name, settings]));
/** What rules may be made of, wherever they stand. */
export const RULE_GRAMMAR: RuleGrammar = {
  hostPattern: parseHostPattern,
  kinds: DEFAULT_ACTIONS,
  pattern,
  detectors: [...DETECTORS.map(({ name }) => name), KNOWN_VALUE.name],
  providers: PROVIDERS.map(({ name }) => name),
};

const FILES = ['sallyport.yaml', 'sallyport.yml', 'sallyport.json'];

/** Throws ConfigError, and StoreError for a file with secrets that others can read. */
export function loadSettings(invocation: Invocation): LoadedConfig {
  const home = namedHome(invocation) ?? defaultHome(invocation);
  const path = configPath(invocation, home);
  const file = path === undefined ? undefined : { path, text: readText(path) };
  const grammar = { ...RULE_GRAMMAR, template, guardrails: BUILT_IN };
  const loaded = readConfig({ ...invocation, file, home: defaultHome(invocation), grammar });
  const elsewhere = loaded.config.home;
  if (path !== undefined && dirname(path) === home && elsewhere !== home) {
    throw new ConfigError(
      'file',
      `${loaded.origins.home}: home: a file inside a home cannot name another one; give --home ${elsewhere} instead`,
    );
  }
  if (path !== undefined && holdsSecret(loaded)) checkPrivate(path);
  return loaded;
}

/** The home alone. A broken configuration must not keep a daemon from being stopped, so the file is read only where it alone can say. */
export function homeOf(invocation: Invocation): string {
  const named = namedHome(invocation);
  if (named !== undefined) return named;
  const given = invocation.configFile ?? invocation.environment.SALLYPORT_CONFIG;
  return given ? loadSettings(invocation).config.home : defaultHome(invocation);
}

/** The part of the settings that the policy is compiled from, with the rules that decide. */
export function policySettings(config: Config, rules: readonly Rule[] = config.rules): PolicySettings {
  return {
    intercept: config.intercept,
    connectTo: config.connect_to,
    connectPorts: config.connect_ports,
    allowPrivate: config.allow_private,
    inject: config.inject.map((rule) => ({ ...rule, replaces: rule.replaces, profiles: rule.profiles })),
    mask: { ...config.mask } as PolicySettings['mask'],
    rules,
    restoreTo: { ...config.restore_to },
    keepPlaceholdersIn: config.keep_placeholders_in,
    onAttestedBody: config.on_attested_body,
    maxBodyBytes: config.max_body_bytes,
    guardrails: guardrailSettings(config.guardrails),
    resilience: config.resilience,
  };
}

type OwnRow = { readonly module: string; readonly on_fault: 'deny' | 'pass'; readonly deadline_ms: number; readonly rank: number };

function guardrailSettings(guardrails: Config['guardrails']): GuardrailSettings {
  const own = Object.entries(guardrails).filter(([name]) => !(name in BUILT_IN)) as [string, OwnRow][];
  return {
    builtIn: Object.fromEntries(Object.entries(guardrails).filter(([name]) => name in BUILT_IN)),
    own: own.map(([name, row]) => ({ name, module: row.module, onFault: row.on_fault, deadlineMs: row.deadline_ms, rank: row.rank })),
  };
}

function pattern(text: string): string {
  compilePattern(text);
  return text;
}

function template(text: string): string {
  for (const reference of parseTemplate(text).references) parseReference(reference);
  return text;
}

function namedHome({ flags, environment, cwd, userHome }: Invocation): string | undefined {
  const given = [flags.home].flat().at(-1) ?? (environment.SALLYPORT_HOME || undefined);
  if (typeof given !== 'string' || given === '') return undefined;
  return given.startsWith('~/') ? join(userHome, given.slice(2)) : resolve(cwd, given);
}

function defaultHome({ environment, userHome }: Invocation): string {
  return join(xdg(environment.XDG_DATA_HOME) ?? join(userHome, '.local/share'), 'sallyport');
}

/** XDG Base Directory: a relative path is to be ignored. */
function xdg(folder: string | undefined): string | undefined {
  return folder !== undefined && isAbsolute(folder) ? folder : undefined;
}

function configPath(invocation: Invocation, home: string): string | undefined {
  const { configFile, environment, cwd, userHome } = invocation;
  const given = configFile ?? (environment.SALLYPORT_CONFIG || undefined);
  if (given !== undefined) return resolve(cwd, given);
  const folders = [home];
  if (namedHome(invocation) === undefined) folders.push(join(xdg(environment.XDG_CONFIG_HOME) ?? join(userHome, '.config'), 'sallyport'));
  return folders.flatMap((folder) => FILES.map((name) => join(folder, name))).find((path) => existsSync(path));
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code;
    const why =
      code === 'ENOENT' ? 'it is not there' : code === 'EISDIR' ? 'it is a folder' : code === 'EACCES' ? 'permission denied' : code;
    throw new ConfigError('file', `the configuration ${path} cannot be read: ${why}`);
  }
}

/** Whether the file itself holds something that others must not read: proxy credentials, or a key where a reference should be. */
function holdsSecret({ config, origins, file }: LoadedConfig): boolean {
  const inFile = (key: string) => file !== undefined && origins[key]?.startsWith(`${file}:`) === true;
  if (inFile('proxy_auth')) return true;
  if (inFile('parent_proxy') && config.parent_proxy !== undefined && new URL(config.parent_proxy.url).password !== '') return true;
  return inFile('inject') && config.inject.some((rule) => parseTemplate(rule.value).references.length === 0);
}
