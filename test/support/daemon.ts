// The proxy under test, in this process: startProxy with a CA of its own, every name dialled at a scripted upstream, and
// records and log lines kept for the test. Fast, and counted by coverage. The real command is in daemon-process.ts.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CapturedBodies } from '../../src/capture.ts';
import { openCertAuthority } from '../../src/cert/authority.ts';
import type { ExchangeRecord } from '../../src/exchange-record.ts';
import { Fault } from '../../src/fault.ts';
import { openLog } from '../../src/log.ts';
import { openTrust } from '../../src/proxy/egress/trust.ts';
import type { ProxyOptions } from '../../src/proxy/options.ts';
import { type RunningProxy, startProxy } from '../../src/proxy/start.ts';
import { openKnownValues } from '../../src/rules/masking/known-values.ts';
import { openPlaceholders } from '../../src/rules/masking/placeholders.ts';
import { compilePolicy, type Policy, type PolicySettings } from '../../src/rules/policy.ts';
import { DEFAULT_PROFILE, type Profile } from '../../src/rules/profile.ts';
import { Secret } from '../../src/secret.ts';
import type { Address } from './client.ts';
import { openTestVault, type TestCredential } from './vault.ts';

export interface TestDaemonOptions {
  /** Where to dial: one address for every name, or by host pattern. Without it nothing is mapped. */
  readonly upstream?: Address | Readonly<Record<string, Address>>;
  /** PEM of further roots for upstreams. */
  readonly upstreamCa?: string;
  /** Changes to the default settings: no interception beyond the providers', both kinds masked. */
  readonly settings?: Partial<PolicySettings>;
  /** Values to mask wherever they stand. */
  readonly known?: readonly string[];
  /** Values of inject templates. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Credentials in a vault, whose rules come behind those of the settings. Without it there is no vault. */
  readonly vault?: readonly TestCredential[];
  readonly limits?: Partial<ReturnType<ProxyOptions['limits']>>;
  readonly parentProxy?: ReturnType<ProxyOptions['parentProxy']>;
  readonly proxyAuth?: string;
  /** Client tokens, by what a client shows. Without it none is known. */
  readonly tokens?: ProxyOptions['tokens'];
  /** Whose program every client is. Without it, one that needs no token. */
  readonly peerUser?: ProxyOptions['peerUser'];
  /** Which program every client is. Without it nobody asks. */
  readonly peerProcess?: ProxyOptions['peerProcess'];
  /** A second door for redirected connections. */
  readonly transparent?: ProxyOptions['transparent'];
  /** Exchanges are refused that would have to be recorded. */
  readonly refusesUnrecorded?: true;
  /** Profiles besides the default one, or in its place. */
  readonly profiles?: readonly Profile[];
  readonly now?: () => number;
  /** The clock of waits. Without it the real one. */
  readonly after?: NonNullable<ProxyOptions['after']>;
  readonly random?: () => number;
  /** What outlives the daemon of the machines that look after providers. */
  readonly stateKeeper?: NonNullable<ProxyOptions['stateKeeper']>;
  readonly observe?: ProxyOptions['observe'];
  /** What profiles may use. Without it nothing is limited. */
  readonly budgets?: ProxyOptions['budgets'];
}

export interface TestDaemon extends Address {
  /** PEM that clients must trust. */
  readonly ca: string;
  readonly proxy: RunningProxy;
  /** Records of finished exchanges, in order. */
  readonly records: readonly ExchangeRecord[];
  /** What was kept of the bodies of each, beside it. */
  readonly captures: readonly (CapturedBodies | undefined)[];
  /** Log lines as JSON text, debug level and up. */
  readonly log: readonly string[];
  /** The first record that matches, now or later. */
  record(matches?: (record: ExchangeRecord) => boolean): Promise<ExchangeRecord>;
  /** Swaps the policy, as a reload does. The hosts of the CA stay. */
  reload(settings: Partial<PolicySettings>): void;
  close(): Promise<void>;
}

const DEFAULTS: PolicySettings = {
  intercept: [],
  connectTo: [],
  connectPorts: [],
  allowPrivate: [],
  inject: [],
  mask: { email: 'mask', secrets: 'mask' },
  onAttestedBody: 'mask',
  maxBodyBytes: 32 * 1024 * 1024,
};
/** The user that needs no token. */
const OWN_USER = 1000;
const LIMITS = { headMs: 30_000, idleMs: 600_000, connectMs: 10_000, maxConnections: 20_000 };

/** Starts a proxy on loopback with a fresh home, removed by `close`. */
export async function startTestDaemon(options: TestDaemonOptions = {}): Promise<TestDaemon> {
  const home = mkdtempSync(join(tmpdir(), 'sp-daemon-'));
  const caFile = join(home, 'upstream-ca.pem');
  if (options.upstreamCa) writeFileSync(caFile, options.upstreamCa);
  const base = { ...DEFAULTS, connectTo: connectTo(options.upstream) };
  const now = options.now ?? Date.now;
  const log: string[] = [];
  const logger = openLog({ level: 'debug', form: 'json', sink: (line) => log.push(line) });
  const trust = openTrust({ extraCaFiles: options.upstreamCa ? [caFile] : [], ownCa: () => certs.pem });
  const known = openKnownValues();
  known.set('test', options.known ?? []);
  const credentials = options.vault;
  let policy: Policy;
  const vault = credentials && (await openTestVault({ home, credentials, known, trust, policy: () => policy, log: logger, now }));
  const compile = (settings: Partial<PolicySettings> = {}) => {
    const all = { ...base, ...options.settings, ...settings };
    return compilePolicy({ ...all, inject: [...all.inject, ...(vault?.rules ?? [])] });
  };
  policy = compile();
  const certs = await openCertAuthority({ home, hosts: policy.interceptedHosts, now });
  const records: ExchangeRecord[] = [];
  const captures: (CapturedBodies | undefined)[] = [];
  const watchers = new Set<() => void>();
  const proxy = await startProxy({
    listen: { host: '127.0.0.1', port: 0 },
    transparent: options.transparent,
    policy: () => policy,
    certs: () => certs,
    trust,
    placeholders: openPlaceholders({ key: Buffer.alloc(32, 7), maxEntries: 10_000 }),
    knownValues: known.current,
    ...(vault && { vaultKeys: vault.keys }),
    resolveSecret: async (template, host, signal) => {
      const value = options.secrets?.[template];
      if (value === undefined && vault) return vault.resolve(template, host, signal);
      if (value === undefined) throw new Fault('key-missing', 'not among the secrets of this test');
      return new Secret(value, [host]);
    },
    parentProxy: () => options.parentProxy,
    proxyAuth: () => options.proxyAuth,
    tokens: options.tokens ?? { check: () => ({ state: 'unknown' }), standing: () => ({ state: 'unknown' }) },
    peerUser: options.peerUser ?? (() => Promise.resolve(OWN_USER)),
    ...(options.peerProcess && { peerProcess: options.peerProcess }),
    needsNoToken: (user) => user === OWN_USER,
    refusesUnrecorded: () => options.refusesUnrecorded === true,
    ...(options.budgets && { budgets: options.budgets }),
    profile: (name) => [...(options.profiles ?? []), DEFAULT_PROFILE].find((profile) => profile.name === name),
    limits: () => ({ ...LIMITS, ...options.limits }),
    log: logger,
    now,
    ...(options.after && { after: options.after }),
    ...(options.random && { random: options.random }),
    ...(options.stateKeeper && { stateKeeper: options.stateKeeper }),
    ...(options.observe && { observe: options.observe }),
    onRecord: (record, capture) => {
      records.push(record);
      captures.push(capture?.());
      for (const look of [...watchers]) look();
    },
  });
  return {
    ...proxy.address,
    ca: certs.pem,
    proxy,
    records,
    captures,
    log,
    record: (matches = () => true) => {
      const { promise, resolve, reject } = Promise.withResolvers<ExchangeRecord>();
      const look = () => {
        const found = records.find(matches);
        if (found) resolve(found);
      };
      const timer = setTimeout(() => reject(new Error(`no such record; there are ${JSON.stringify(records)}`)), 8_000);
      watchers.add(look);
      look();
      return promise.finally(() => {
        clearTimeout(timer);
        watchers.delete(look);
      });
    },
    reload: (settings) => {
      policy = compile(settings);
    },
    close: async () => {
      await proxy.close();
      await certs.close();
      vault?.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

function connectTo(upstream: TestDaemonOptions['upstream']): PolicySettings['connectTo'] {
  if (!upstream) return [];
  if (isAddress(upstream)) return [{ pattern: '*', host: upstream.host, port: upstream.port }];
  return Object.entries(upstream).map(([pattern, { host, port }]) => ({ pattern, host, port }));
}

function isAddress(upstream: NonNullable<TestDaemonOptions['upstream']>): upstream is Address {
  return typeof upstream.port === 'number';
}
