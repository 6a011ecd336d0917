// Gathers what a client's environment is made of: from the daemon that runs, or from the settings where none does.
// Must not start a daemon.
import type { Connection } from '../src/proxy/control/messages.ts';
import { standIns } from '../src/rules/inject.ts';
import { proxyUrl, reachable } from './address.ts';
import { ownNeedToken } from './allowed-users.ts';
import { openAuthority } from './authority.ts';
import { writeAddition, writeBundle } from './client-files.ts';
import { type EnvironmentChange, environmentChange, REPLACING } from './environment.ts';
import { type Invocation, loadSettings } from './settings.ts';

/** Writes the root files into the home and gives the change. */
export function clientEnvironment(
  home: string,
  connection: Connection,
  inherited: Readonly<Record<string, string | undefined>>,
  keepAttribution: boolean,
): EnvironmentChange {
  const extra = (names: readonly string[]) =>
    names.map((name) => inherited[name]).filter((file) => file !== undefined && file !== '') as string[];
  const { caPath, caPem } = connection;
  return environmentChange({
    proxyUrl: connection.proxyUrl,
    caPath,
    addedPath: writeAddition(home, caPath, caPem, extra(['NODE_EXTRA_CA_CERTS'])),
    bundlePath: writeBundle(home, caPem, extra([...REPLACING, 'NODE_EXTRA_CA_CERTS'])),
    interceptedHosts: connection.interceptedHosts,
    inherited,
    keepAttribution,
  });
}

/** What a daemon started from these settings would say; makes the CA if there is none. Undefined where the port is left to the system. */
export async function plannedConnection(invocation: Invocation): Promise<Connection | undefined> {
  const { config } = loadSettings(invocation);
  if (config.listen.port === 0) return undefined;
  const { certs, policy, close } = await openAuthority(config, invocation);
  await close();
  return {
    proxyUrl: proxyUrl(reachable(config.listen), config.proxy_auth),
    caPath: certs.caPath,
    caPem: certs.pem,
    interceptedHosts: policy.interceptedHosts,
    standIns: standIns(policy.inject),
    credentials: [],
    closed: undefined,
    needsToken: ownNeedToken(config, process.getuid?.()),
  };
}
