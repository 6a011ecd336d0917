// The proxy under test, in this process: startProxy with a CA of its own, every name dialled at a scripted upstream, and
// records and log lines kept for the test. Fast, and counted by coverage. The real command is in daemon-process.ts.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCertAuthority } from '../../src/cert/authority.ts';
import type { ExchangeRecord } from '../../src/exchange-record.ts';
import { Fault } from '../../src/fault.ts';
import { openLog } from '../../src/log.ts';
import { openTrust } from '../../src/proxy/egress/trust.ts';
import type { ProxyOptions } from '../../src/proxy/options.ts';
import { type RunningProxy, startProxy } from '../../src/proxy/start.ts';
import { openKnownValues } from '../../src/rules/masking/known-values.ts';
import { openPlaceholders } from '../../src/rules/masking/placeholders.ts';
import { compilePolicy, type PolicySettings } from '../../src/rules/policy.ts';
import { DEFAULT_PROFILE, type Profile } from '../../src/rules/profile.ts';
import { Secret } from '../../src/secret.ts';
import type { Address } from './client.ts';

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
  readonly limits?: Partial<ReturnType<ProxyOptions['limits']>>;
  readonly parentProxy?: ReturnType<ProxyOptions['parentProxy']>;
  readonly proxyAuth?: string;
  /** Client tokens, by what a client shows. Without it none is known. */
  readonly tokens?: ProxyOptions['tokens'];
  /** Whose program every client is. Without it, one that needs no token. */
  readonly peerUser?: ProxyOptions['peerUser'];
  /** A second door for redirected connections. */
  readonly transparent?: ProxyOptions['transparent'];
  /** Exchanges are refused that would have to be recorded. */
  readonly refusesUnrecorded?: true;
  /** Profiles besides the default one. */
  readonly profiles?: readonly Profile[];
  readonly now?: () => number;
}

export interface TestDaemon extends Address {
  /** PEM that clients must trust. */
  readonly ca: string;
  readonly proxy: RunningProxy;
  /** Records of finished exchanges, in order. */
  readonly records: readonly ExchangeRecord[];
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
  let policy = compilePolicy({ ...base, ...options.settings });
  const now = options.now ?? Date.now;
  const certs = await openCertAuthority({ home, hosts: policy.interceptedHosts, now });
  const trust = openTrust({ extraCaFiles: options.upstreamCa ? [caFile] : [], ownCa: () => certs.pem });
  const known = openKnownValues();
  known.set('test', options.known ?? []);
  const records: ExchangeRecord[] = [];
  const log: string[] = [];
  const watchers = new Set<() => void>();
  const proxy = await startProxy({
    listen: { host: '127.0.0.1', port: 0 },
    transparent: options.transparent,
    policy: () => policy,
    certs: () => certs,
    trust,
    placeholders: openPlaceholders({ key: Buffer.alloc(32, 7), maxEntries: 10_000 }),
    knownValues: known.current,
    resolveSecret: async (template, host) => {
      const value = options.secrets?.[template];
      if (value === undefined) throw new Fault('key-missing', 'not among the secrets of this test');
      return new Secret(value, [host]);
    },
    parentProxy: () => options.parentProxy,
    proxyAuth: () => options.proxyAuth,
    tokens: options.tokens ?? { check: () => ({ state: 'unknown' }), standing: () => ({ state: 'unknown' }) },
    peerUser: options.peerUser ?? (() => Promise.resolve(OWN_USER)),
    needsNoToken: (user) => user === OWN_USER,
    refusesUnrecorded: () => options.refusesUnrecorded === true,
    profile: (name) => [DEFAULT_PROFILE, ...(options.profiles ?? [])].find((profile) => profile.name === name),
    limits: () => ({ ...LIMITS, ...options.limits }),
    log: openLog({ level: 'debug', form: 'json', sink: (line) => log.push(line) }),
    now,
    onRecord: (record) => {
      records.push(record);
      for (const look of [...watchers]) look();
    },
  });
  return {
    ...proxy.address,
    ca: certs.pem,
    proxy,
    records,
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
      policy = compilePolicy({ ...base, ...options.settings, ...settings });
    },
    close: async () => {
      await proxy.close();
      await certs.close();
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
