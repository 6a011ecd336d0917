// How a fault that ended a connection or an exchange is logged: our own failures loudest, a client that left hardly at all.
// It must not know what the fault ended.
import type { Logger } from 'pino';
import { Fault } from '../fault.ts';

/**
 * Logs the fault under its public sentence; `facts` are names and hosts, never values. The cause is logged for faults of our own alone: of a key
 * that is missing, what the log says more than the client was told.
 */
export function complain(log: Logger, facts: Readonly<Record<string, unknown>>, fault: Fault): void {
  const all = { ...facts, fault: fault.code, detail: fault.detail };
  if (fault.code === 'client-gone') log.debug(all, 'the client left');
  else if (fault.code === 'internal') log.error({ ...all, err: fault.cause }, fault.message);
  else if (fault.code === 'key-missing' && fault.cause instanceof Fault) log.warn({ ...all, reason: fault.cause.detail }, fault.message);
  else log.warn(all, fault.message);
}
