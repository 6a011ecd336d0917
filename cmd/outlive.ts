// How a daemon's process lives and ends: signals, failures nobody caught, and the last resort when closing hangs.
// Must not know what the daemon consists of.
import { url as inspectorUrl } from 'node:inspector';
import type { Daemon } from './daemon.ts';
import { CommandFailure, EXIT } from './failure.ts';
import { LAST_RESORT_MS } from './timers.ts';

/** Exit code after a failure that nobody caught (EX_SOFTWARE of sysexits). */
export const CRASHED = 70;

/** Refuses to run where a debugger, a heap snapshot, a diagnostic report (it lists the environment) or a TLS key log could show keys. Throws CommandFailure. */
export function refuseSpies(execArgv: readonly string[], nodeOptions: string | undefined): void {
  const spy = /--(?:inspect|heapsnapshot|heap-prof|report-on|report-uncaught|abort-on|tls-keylog|trace-tls)[a-z-]*/.exec(
    [...execArgv, nodeOptions ?? ''].join(' '),
  )?.[0];
  if (spy === undefined && inspectorUrl() === undefined) return;
  throw new CommandFailure(EXIT.failed, `the daemon holds keys and does not run under ${spy ?? 'a debugger'}: take it out of NODE_OPTIONS`);
}

/** Waits for the end of the daemon, which signals bring about: SIGTERM and SIGINT drain, the second one cuts, SIGHUP reloads. */
export async function outlive(daemon: Daemon): Promise<number> {
  let exitCode: number = EXIT.ok;
  let signals = 0;
  const end = (why: string) => {
    signals++;
    if (signals > 1) return daemon.cut(why);
    setTimeout(() => process.exit(exitCode || EXIT.failed), daemon.drainMs() + LAST_RESORT_MS).unref();
    daemon.stop(why);
  };
  const crash = (err: unknown, origin: string) => {
    daemon.log.fatal({ err, origin }, 'a failure that nobody caught');
    exitCode = CRASHED;
    if (signals === 0) end('a failure that nobody caught');
  };
  const listeners = {
    SIGTERM: end,
    SIGINT: end,
    SIGHUP: () => void daemon.reload(),
    uncaughtException: crash,
    unhandledRejection: (reason: unknown) => crash(reason, 'unhandledRejection'),
  };
  const events = process as NodeJS.EventEmitter;
  for (const [name, listener] of Object.entries(listeners)) events.on(name, listener);
  await daemon.ended;
  for (const [name, listener] of Object.entries(listeners)) events.off(name, listener);
  return exitCode;
}
