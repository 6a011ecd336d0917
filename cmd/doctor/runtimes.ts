// Leads the runtimes of this machine to the daemon that runs: makes the two environments they are asked in.
// Must not start a daemon.
import { controlOf } from '../../src/proxy/control/call.ts';
import type { Status } from '../../src/proxy/control/messages.ts';
import { withToken } from '../address.ts';
import { clientEnvironment } from '../client-environment.ts';
import { changed, withoutKeys } from '../environment.ts';
import type { Invocation } from '../settings.ts';
import { type Finding, found } from './finding.ts';
import { checkRuntimes } from './prove-trust.ts';

/** Findings of the runtimes in PATH. Rejects where the daemon goes away meanwhile. */
export async function proveRuntimes(
  home: string | undefined,
  running: Status | undefined,
  environment: Invocation['environment'],
  leadsHere: boolean,
): Promise<readonly Finding[]> {
  if (home === undefined || running === undefined)
    return [
      found.info('runtimes', 'not asked whether they trust the CA: there is no daemon to shake hands with; sallyport start, then again'),
    ];
  const client = controlOf(home);
  const held = await client.hold();
  try {
    const connection = await client.connection();
    const url = held.token === undefined ? connection.proxyUrl : withToken(connection.proxyUrl, held.token);
    const inherited = withoutKeys(environment, connection.standIns);
    const underRun = changed(inherited, clientEnvironment(home, connection, inherited, false));
    return await checkRuntimes({ inherited, underRun, proxyUrl: url, leadsHere });
  } finally {
    held.release();
  }
}
