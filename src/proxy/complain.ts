// How a fault that ended a connection or an exchange is logged: our own failures loudest, a client that left hardly at all.
// It must not know what the fault ended.
import type { Logger } from 'pino';
import type { Fault } from '../fault.ts';

/** Logs the fault under its public sentence; `facts` are names and hosts, never values. The cause is logged for faults of our own alone. */
export function complain(log: Logger, facts: Readonly<Record<string, unknown>>, fault: Fault): void {
  const all = { ...facts, fault: fault.code, detail: fault.detail };
  if (fault.code === 'client-gone') log.debug(all, 'the client left');
  else if (fault.code === 'internal') log.error({ ...all, err: fault.cause }, fault.message);
  else log.warn(all, fault.message);
}
