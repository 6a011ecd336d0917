// What a reload swaps: settings, policy, certificates and trust, in one step or not at all; and the policy alone when the rules of the
// store change. An exchange that has begun keeps what it began with. Must not know about sockets, nor ask the user anything.
import type { Logger } from 'pino';
import { type CertAuthority, openCertAuthority } from '../src/cert/authority.ts';
import type { KeySeal } from '../src/cert/key-seal.ts';
import type { Config, LoadedConfig } from '../src/config.ts';
import { type ConfigKey, KEYS, type KeyRow } from '../src/config-keys.ts';
import type { Reloaded } from '../src/proxy/control/messages.ts';
import { openTrust, type Trust } from '../src/proxy/egress/trust.ts';
import type { Rule } from '../src/rule-schema.ts';
import { compilePolicy, type InjectRule, type Policy } from '../src/rules/policy.ts';
import { rulesInForce, type StoredRule } from '../src/store/rules.ts';
import { configRows } from './config-rows.ts';
import { explain } from './failure.ts';
import { joinRules } from './joined-rules.ts';
import { type Invocation, loadSettings, policySettings } from './settings.ts';

/** The part of the daemon that a reload may replace. Read it anew for each use. */
export interface Reloadable {
  readonly loaded: LoadedConfig;
  readonly config: Config;
  readonly policy: Policy;
  readonly certs: CertAuthority;
  readonly trust: Trust;
  /** Reads the settings again. Never rejects: a refusal is in `error`, and everything stays as it was. */
  reload(): Promise<Reloaded>;
  /** Reads the rules of the store again, and opens a CA that was locked. Never rejects: where they cannot be followed the old policy stays. */
  followStore(): Promise<void>;
  /** Logs what the CA has to tell since the last time. */
  sayNews(): void;
  close(): Promise<void>;
}

/** What is there before the first reload. */
export interface ReloadableOptions {
  readonly invocation: Invocation;
  readonly first: LoadedConfig;
  /** The rules of the store as they are now. */
  readonly storedRules: () => readonly StoredRule[];
  /** What the vault puts in. */
  readonly vaultRules: () => readonly InjectRule[];
  readonly log: Logger;
  /** How the key of the CA is written down. */
  readonly seal: KeySeal;
}

/** A CA that was replaced still answers whoever asked before the swap. */
const OLD_CA_MS = 60_000;

/** Opens all of it from the settings read at the start. Rejects where the rules of the store cannot be followed. */
export async function openReloadable(options: ReloadableOptions): Promise<Reloadable> {
  const { invocation, log, seal } = options;
  const home = options.first.config.home;
  // Trust reads the list at each reload, so its content is swapped in place.
  const upstreamCa = [...options.first.config.upstream_ca];
  const own = new Set<string>();
  const said = new Set<string>();
  const tell = (notice: string): void => {
    if (!said.has(notice)) log.warn(notice);
    said.add(notice);
  };
  const rulesFor = (settings: LoadedConfig): readonly Rule[] => {
    const { rules, unread } = rulesInForce(options.storedRules());
    for (const { id, trouble } of unread) tell(`the rule «${id}» in the store is passed over: it cannot be read (${trouble})`);
    return joinRules(settings, rules);
  };
  const settingsFor = (settings: LoadedConfig) => {
    const own = policySettings(settings.config, rulesFor(settings));
    return { ...own, inject: [...own.inject, ...options.vaultRules()] };
  };
  const compile = (settings: LoadedConfig) => compilePolicy(settingsFor(settings));
  const certsFor = async (next: Policy): Promise<CertAuthority> => {
    const isSame = JSON.stringify(next.interceptedHosts) === JSON.stringify(policy.interceptedHosts);
    const mayOpen = certs.isLocked && seal.seal !== undefined;
    if (isSame && !mayOpen) return certs;
    const opened = await openCerts(next.interceptedHosts);
    setTimeout((old: CertAuthority) => void old.close(), OLD_CA_MS, certs).unref();
    return opened;
  };
  let loaded = options.first;
  let policy = compile(loaded);
  const openCerts = (hosts: readonly string[]) => openCertAuthority({ home, hosts, now: Date.now, seal, mayBeLocked: true });
  let certs = await openCerts(policy.interceptedHosts);
  const ownCa = () => {
    own.add(certs.pem);
    return [...own].join('');
  };
  const trust = openTrust({ extraCaFiles: upstreamCa, ownCa });
  const sayNews = (): string[] => {
    const news = [...loaded.notices, ...certs.notices].filter((n) => !said.has(n));
    for (const notice of news) tell(notice);
    return news;
  };
  sayNews();

  const swap = async (): Promise<Reloaded> => {
    const next = withFixedKept(loadSettings(invocation), loaded);
    const nextPolicy = compile(next);
    const before = upstreamCa.splice(0, upstreamCa.length, ...next.config.upstream_ca);
    try {
      await trust.reload();
      const nextCerts = await certsFor(nextPolicy);
      const changed = differences(loaded, next);
      [loaded, policy, certs] = [next, nextPolicy, nextCerts];
      log.level = next.config.log_level;
      return {
        changed,
        notices: [...next.notices.filter((n) => !said.has(n)), ...sayNews()].filter((n, i, all) => all.indexOf(n) === i),
        error: undefined,
      };
    } catch (thrown) {
      upstreamCa.splice(0, upstreamCa.length, ...before);
      throw thrown;
    }
  };
  let trouble: string | undefined;
  const followStore = async (): Promise<void> => {
    try {
      const next = settingsFor(loaded);
      const isSame = JSON.stringify([next.rules, next.inject]) === JSON.stringify([policy.rules, policy.inject]);
      if (!isSame) {
        const nextPolicy = compilePolicy(next);
        [certs, policy] = [await certsFor(nextPolicy), nextPolicy];
        log.info({ rules: next.rules?.length, keys: next.inject.length }, 'the rules of the store were changed');
      } else certs = await certsFor(policy);
      trouble = undefined;
    } catch (thrown) {
      const { line } = explain(thrown);
      if (line !== trouble) log.error({ reason: line }, 'the rules of the store cannot be followed, the old policy stays');
      trouble = line;
    }
  };
  // One after the other: a policy that was compiled before a change must not take the place of one compiled after it.
  let busy: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(task: () => T | Promise<T>): Promise<T> => {
    const mine = busy.then(task);
    busy = mine;
    return mine;
  };
  const reload = async (): Promise<Reloaded> => {
    try {
      const result = await swap();
      log.info({ changed: result.changed }, 'reloaded');
      return result;
    } catch (thrown) {
      const { line } = explain(thrown);
      log.error({ reason: line }, 'reload refused, the old configuration stays');
      return { changed: [], notices: [], error: line };
    }
  };

  return {
    get loaded() {
      return loaded;
    },
    get config() {
      return loaded.config;
    },
    get policy() {
      return policy;
    },
    get certs() {
      return certs;
    },
    trust,
    reload: () => inTurn(reload),
    followStore: () => inTurn(followStore),
    sayNews: () => void sayNews(),
    close: () => certs.close(),
  };
}

/** What cannot change while we run keeps its value, and a notice says so. */
function withFixedKept(next: LoadedConfig, now: LoadedConfig): LoadedConfig {
  const fixed = (Object.entries(KEYS) as [ConfigKey, KeyRow][]).filter(([, row]) => row.fixed).map(([key]) => key);
  const changed = fixed.filter((key) => JSON.stringify(next.config[key]) !== JSON.stringify(now.config[key]));
  const notices = changed.map((key) => `${key} changes when the daemon is started anew`);
  const keep = <T>(from: Readonly<Record<string, T>>) => Object.fromEntries(fixed.map((key) => [key, from[key]])) as Record<string, T>;
  return {
    ...next,
    config: { ...next.config, ...keep(now.config as never) },
    origins: { ...next.origins, ...keep(now.origins) },
    notices: [...next.notices, ...notices],
  };
}

function differences(before: LoadedConfig, after: LoadedConfig): string[] {
  const was = new Map(configRows(before).map((row) => [row.key, row.value]));
  const rows = configRows(after).filter((row) => was.get(row.key) !== row.value);
  const secret = (['parent_proxy', 'proxy_auth', 'inject'] as const).filter(
    (key) => JSON.stringify(before.config[key]) !== JSON.stringify(after.config[key]),
  );
  return [...new Set([...rows.map((row) => row.key), ...secret])];
}
