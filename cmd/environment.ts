// The variables that lead a program through the proxy and make it trust the CA: what `run` sets and `env` prints. Measured on
// real CLIs; which one needs which is in docs. Must not touch NODE_OPTIONS: old Nodes exit on flags they do not know.
import type { HostPattern } from '../src/rules/host-pattern.ts';
import { cleanNoProxy } from './no-proxy.ts';

/** Variables whose file takes the place of a program's own roots: they get the system's roots and ours. */
export const REPLACING = [
  'SSL_CERT_FILE',
  'REQUESTS_CA_BUNDLE',
  'CURL_CA_BUNDLE',
  'GIT_SSL_CAINFO',
  'CARGO_HTTP_CAINFO',
  'AWS_CA_BUNDLE',
  'PIP_CERT',
] as const;

/** What the variables are made from. Paths are absolute. */
export interface EnvironmentFacts {
  /** With credentials where they are asked for. */
  readonly proxyUrl: string;
  /** Our certificate alone. */
  readonly caPath: string;
  /** Ours, with what NODE_EXTRA_CA_CERTS named before. */
  readonly addedPath: string;
  /** The system's roots and ours. */
  readonly bundlePath: string;
  readonly interceptedHosts: readonly HostPattern[];
  readonly inherited: Readonly<Record<string, string | undefined>>;
  /** Leave Claude Code's attribution header on, although a masked body makes its checksum stale. */
  readonly keepAttribution: boolean;
}

/** What to set and what to take away. */
export interface EnvironmentChange {
  readonly set: Readonly<Record<string, string>>;
  readonly unset: readonly string[];
}

/** Pure: the change alone, files are written already. */
export function environmentChange(facts: EnvironmentFacts): EnvironmentChange {
  const { proxyUrl, inherited } = facts;
  const noProxy = cleanNoProxy([inherited.NO_PROXY, inherited.no_proxy].filter(Boolean).join(','), facts.interceptedHosts);
  const attribution =
    facts.keepAttribution || inherited.CLAUDE_CODE_ATTRIBUTION_HEADER !== undefined ? {} : { CLAUDE_CODE_ATTRIBUTION_HEADER: '0' };
  return {
    set: {
      HTTPS_PROXY: proxyUrl,
      https_proxy: proxyUrl,
      HTTP_PROXY: proxyUrl,
      http_proxy: proxyUrl,
      NO_PROXY: noProxy,
      no_proxy: noProxy,
      // Without it auggie and letta go past every proxy.
      NODE_USE_ENV_PROXY: '1',
      NODE_EXTRA_CA_CERTS: facts.addedPath,
      CODEX_CA_CERTIFICATE: facts.caPath,
      DENO_CERT: facts.caPath,
      ...Object.fromEntries(REPLACING.map((name) => [name, facts.bundlePath])),
      ...attribution,
    },
    // Claude Code sends half of its calls through ALL_PROXY, others none: with it, traffic would go two ways.
    unset: ['ALL_PROXY', 'all_proxy'].filter((name) => inherited[name] !== undefined),
  };
}

/** The environment with the change made. */
export function changed(
  inherited: Readonly<Record<string, string | undefined>>,
  { set, unset }: EnvironmentChange,
): Record<string, string | undefined> {
  const out: Record<string, string | undefined> = { ...inherited, ...set };
  for (const name of unset) delete out[name];
  return out;
}

/** The way back: what was there before, where it was not a change of the same kind, made by a shell around this one. */
export function takenBack(change: EnvironmentChange, inherited: Readonly<Record<string, string | undefined>>): EnvironmentChange {
  const names = [...Object.keys(change.set), ...change.unset];
  const former = names.flatMap((name) => {
    const value = inherited[name];
    return value === undefined || value === change.set[name] ? [] : [[name, value] as const];
  });
  const set = Object.fromEntries(former);
  return { set, unset: names.filter((name) => !Object.hasOwn(set, name)) };
}

/** The environment with stand-ins where it has keys that the daemon puts in, and without what opens the vault: a program can read its variables. */
export function withoutKeys(
  environment: Readonly<Record<string, string | undefined>>,
  standIns: Readonly<Record<string, string>>,
): Record<string, string | undefined> {
  const { SALLYPORT_PASSPHRASE: _, ...others } = environment;
  return Object.fromEntries(
    Object.entries(others).map(([name, value]) => [name, value && Object.hasOwn(standIns, name) ? standIns[name] : value]),
  );
}
