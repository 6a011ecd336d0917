// What systemd hands to a program it starts: sockets that are bound already, where to tell its state, and how often it wants to
// hear that all is well (sd_listen_fds(3), sd_notify(3), sd_watchdog_enabled(3)). Must not open any of it.
import { CommandFailure, EXIT } from '../failure.ts';

/** What was handed over. */
export interface Handover {
  /** Descriptor of the socket to listen on. */
  readonly fd: number | undefined;
  /** Address of the datagram socket that takes states: a path, `@name` or `vsock:…`. */
  readonly notifySocket: string | undefined;
  /** Without a sign of life for this long the process is taken for dead. */
  readonly watchdogMs: number | undefined;
}

/** SD_LISTEN_FDS_START. */
const FIRST_FD = 3;

const VARIABLES = ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES', 'LISTEN_PIDFDID', 'NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID'];

/**
 * Reads what is meant for process `pid` and takes the variables out of the environment, so that no child takes them for its own. Throws
 * CommandFailure where it makes no sense; what is meant for another process counts as nothing.
 */
export function takeHandover(environment: Record<string, string | undefined>, pid: number): Handover {
  const given = Object.fromEntries(VARIABLES.map((name) => [name, environment[name]]));
  for (const name of VARIABLES) delete environment[name];
  const isOurs = (name: string) => given[name] === String(pid);
  return {
    fd: isOurs('LISTEN_PID') ? theOne(given.LISTEN_FDS, given.LISTEN_FDNAMES) : undefined,
    notifySocket: given.NOTIFY_SOCKET || undefined,
    watchdogMs: given.WATCHDOG_PID === undefined || isOurs('WATCHDOG_PID') ? milliseconds(given.WATCHDOG_USEC) : undefined,
  };
}

function theOne(count = '', names: string | undefined): number | undefined {
  if (!/^\d{1,5}$/.test(count)) throw mistaken(`LISTEN_FDS is «${count}», which is no number of sockets`);
  const said = names === undefined ? Number(count) : names.split(':').length;
  if (Number(count) > 0 && said !== Number(count)) throw mistaken(`LISTEN_FDS counts ${count} sockets and LISTEN_FDNAMES names ${said}`);
  if (Number(count) > 1) throw mistaken(`${count} sockets were handed over and one is taken: leave one ListenStream= in the socket unit`);
  return Number(count) === 1 ? FIRST_FD : undefined;
}

function milliseconds(microseconds: string | undefined): number | undefined {
  if (microseconds === undefined || microseconds === '0') return undefined;
  if (!/^\d{1,15}$/.test(microseconds)) throw mistaken(`WATCHDOG_USEC is «${microseconds}», which is no time`);
  return Number(microseconds) / 1000;
}

function mistaken(what: string): CommandFailure {
  return new CommandFailure(EXIT.failed, `from the service manager: ${what}`);
}
