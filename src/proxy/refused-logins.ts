// Tells the user which CLI has to log in again: a provider has refused what the CLI itself sent as its login.
// It must not know a token.
import type { Logger } from 'pino';
import type { ExchangeRecord } from '../exchange-record.ts';
import { firstValue } from '../headers.ts';
import { tokenExpiry } from '../rules/token-expiry.ts';
import type { Exchange } from './exchange.ts';

/** Past so many hosts nothing more is said, only counted. */
const MAX_HOSTS = 1000;

/** Looks at finished exchanges: each refused login of a model call is counted as `login:refused`, and said once by host. */
export function openRefusedLogins(
  log: Logger,
  count: (name: string) => void,
  now: () => number,
): (x: Exchange, record: ExchangeRecord) => void {
  const said = new Set<string>();
  return ({ route, line, notes }, { status, fault, host, client, id }) => {
    if (status !== 401 || fault !== undefined || route?.endpoint?.kind !== 'model' || notes.injected.length > 0) return;
    const [, token] = /^bearer +(\S+)/i.exec(firstValue(line.head.headers, 'authorization') ?? '') ?? [];
    if (token === undefined) return;
    count('login:refused');
    if (said.has(host) || said.size >= MAX_HOSTS) return;
    said.add(host);
    log.warn(
      { exchange: id, host, client },
      `${host} refused the login of ${client || 'a client'}${ended(token, now())}: log in again there, unless it refreshes by itself`,
    );
  };
}

/** What its token says of that itself. */
function ended(token: string, nowMs: number): string {
  const atMs = tokenExpiry(token);
  return atMs === undefined || atMs > nowMs ? '' : `, which ended at ${new Date(atMs).toISOString()}`;
}
