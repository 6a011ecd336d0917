// What a user sees when something goes wrong: one line and an exit code, never a stack.
// Must not print or exit itself.
import { ConfigError } from '../src/config-file.ts';
import { Fault } from '../src/fault.ts';
import { hostPort } from '../src/host-port.ts';
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

/** What SQLite says, by the beginning of its code. */
const STORE_TROUBLE: Readonly<Record<string, string>> = {
  SQLITE_CORRUPT: 'the store is damaged: sallyport db check says more, and sallyport db restore puts a backup in its place',
  SQLITE_FULL: 'the disk is full: nothing was changed in the store',
  SQLITE_BUSY: 'another command is using the store: try again',
  SQLITE_READONLY: 'the store cannot be written',
};

/** The line and the exit code for anything that was thrown. */
export function explain(thrown: unknown): Explained {
  if (thrown instanceof CommandFailure) return { line: thrown.message, exitCode: thrown.exitCode, reason: thrown.reason };
  if (thrown instanceof NotRunning) return { line: `${thrown.message}; start one with: sallyport start`, exitCode: EXIT.notRunning };
  if (thrown instanceof ConfigError) return { line: thrown.message, exitCode: thrown.source === 'flag' ? EXIT.usage : EXIT.failed };
  const code = String((thrown as { code?: unknown } | null)?.code);
  const known = Object.entries(STORE_TROUBLE).find(([begin]) => code.startsWith(begin));
  if (known) return { line: known[1], exitCode: EXIT.failed };
  const message = thrown instanceof Fault ? (thrown.detail ?? thrown.message) : thrown instanceof Error ? thrown.message : String(thrown);
  return { line: message.split('\n')[0] || 'failed without a reason', exitCode: EXIT.failed };
}

/** The text with the commands it names as they can be typed where `self` is what starts us (`npx sallyport`, a path). `words`: those there are. */
export function asTyped(text: string, self: string, words: readonly string[]): string {
  return text.replace(new RegExp(`(?<![\\w/.-])sallyport (?=(?:${words.join('|')})\\b)`, 'g'), () => `${self} `);
}

/**
 * The line for an address that cannot be listened on, or undefined for another error. `secondPort`: that of the door for
 * redirected connections; `own`: what chooses another for `listen`.
 */
export function listenFailure(
  thrown: unknown,
  listen: { readonly host: string; readonly port: number },
  secondPort?: number,
  own = '--listen HOST:PORT',
): CommandFailure | undefined {
  const { code, port } = thrown as NodeJS.ErrnoException & { readonly port?: number };
  const isSecond = secondPort !== undefined && port === secondPort && port !== listen.port;
  const where = isSecond ? `port ${port} of loopback` : hostPort(listen);
  const flag = isSecond ? '--transparent-port PORT' : own;
  const words: Record<string, string> = {
    EADDRINUSE: `${where} is taken by another program: choose another with ${flag} (port 0 picks one)`,
    EACCES: `listening on ${where} is not permitted: choose a port above 1023 with ${flag}`,
    EADDRNOTAVAIL: `${where} is no address of this machine: choose another with ${flag}`,
    EAFNOSUPPORT: `${where} is of an address family that this machine does not have: choose another with ${flag}`,
  };
  const line = words[String(code)];
  return line === undefined ? undefined : new CommandFailure(EXIT.failed, line);
}
