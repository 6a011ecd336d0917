// What a user sees when something goes wrong: one line and an exit code, never a stack.
// Must not print or exit itself.
import { ConfigError } from '../src/config-file.ts';
import { Fault } from '../src/fault.ts';
import { NotRunning } from '../src/proxy/control/call.ts';

/** Exit codes of every command. `run` gives that of its command instead. */
export const EXIT = { ok: 0, failed: 1, usage: 2, notRunning: 3 } as const;

/** A failure a command foresaw; the message is the line. */
export class CommandFailure extends Error {
  readonly exitCode: number;
  /** 'taken': another daemon holds the home. */
  readonly reason: 'taken' | undefined;
  constructor(exitCode: number, line: string, reason?: 'taken') {
    super(line);
    this.name = 'CommandFailure';
    this.exitCode = exitCode;
    this.reason = reason;
  }
}

/** A mistake in what a user typed. */
export function usage(line: string): CommandFailure {
  return new CommandFailure(EXIT.usage, line);
}

/** A failure as it is told, to a user or from one process to another. */
export interface Explained {
  readonly line: string;
  readonly exitCode: number;
  readonly reason?: 'taken' | undefined;
}

/** The line and the exit code for anything that was thrown. */
export function explain(thrown: unknown): Explained {
  if (thrown instanceof CommandFailure) return { line: thrown.message, exitCode: thrown.exitCode, reason: thrown.reason };
  if (thrown instanceof NotRunning) return { line: `${thrown.message}; start one with: sallyport start`, exitCode: EXIT.notRunning };
  if (thrown instanceof ConfigError) return { line: thrown.message, exitCode: thrown.source === 'flag' ? EXIT.usage : EXIT.failed };
  const message = thrown instanceof Fault ? (thrown.detail ?? thrown.message) : thrown instanceof Error ? thrown.message : String(thrown);
  return { line: message.split('\n')[0] || 'failed without a reason', exitCode: EXIT.failed };
}

/** The text with the commands it names as they can be typed where `self` is what starts us (`npx sallyport`, a path). */
export function asTyped(text: string, self: string): string {
  return text.replace(
    /(?<![\w/.-])sallyport (?=(?:start|stop|status|reload|run|env|token|profile|ca|rules|fidelity|log|audit|vault|db|panic|uninstall|doctor|demo|completion)\b)/g,
    () => `${self} `,
  );
}

/** The line for an address that cannot be listened on, or undefined for another error. `where` is `host:port`. */
export function listenFailure(thrown: unknown, where: string): CommandFailure | undefined {
  const words: Record<string, string> = {
    EADDRINUSE: `${where} is taken by another program: choose another with --listen HOST:PORT (port 0 picks one)`,
    EACCES: `listening on ${where} is not permitted: choose a port above 1023 with --listen HOST:PORT`,
    EADDRNOTAVAIL: `${where} is no address of this machine: choose another with --listen HOST:PORT`,
    EAFNOSUPPORT: `${where} is of an address family that this machine does not have: choose another with --listen HOST:PORT`,
  };
  const line = words[String((thrown as NodeJS.ErrnoException).code)];
  return line === undefined ? undefined : new CommandFailure(EXIT.failed, line);
}
