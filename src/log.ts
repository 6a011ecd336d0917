// The one logger: pino, redacted at the sink so that no caller can forget it, as JSON or as one line for people.
// Must not know where lines end up (the sink is handed in), nor fail when they cannot be written.
import { type Logger, pino } from 'pino';
import { redact } from './log-redaction.ts';

/** How a log is opened. */
export interface LogOptions {
  /** pino's level names, or `silent`. */
  readonly level: string;
  /** 'json': one object a line; 'line': for a terminal. */
  readonly form: 'json' | 'line';
  /** Takes whole lines, newline included. What it throws is dropped: a full disk must not stop the proxy. */
  readonly sink: (line: string) => void;
}

/** A logger whose every line went through the redaction. `err` members are printed with their cause chain. */
export function openLog(options: LogOptions): Logger {
  const write = (line: string) => {
    const entry = redact(parsed(line)) as LogEntry;
    try {
      options.sink(options.form === 'json' ? `${JSON.stringify(entry)}\n` : `${readable(entry)}\n`);
    } catch {
      // Nothing left to tell it to.
    }
  };
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: causes },
    },
    { write },
  );
}

interface LogEntry {
  readonly level: string;
  readonly time: string;
  readonly msg?: string;
  readonly [name: string]: unknown;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return { level: 'error', time: '', msg: 'a log line could not be written' };
  }
}

/** An error as a list of what went wrong, outermost first; the stack of the innermost alone. */
function causes(thrown: unknown): unknown {
  if (!(thrown instanceof Error)) return String(thrown);
  const chain: string[] = [];
  let innermost: Error = thrown;
  for (let e: unknown = thrown; e instanceof Error && chain.length < 8; e = e.cause) {
    const code = (e as { code?: unknown }).code;
    chain.push(`${e.name}${code === undefined ? '' : ` ${String(code)}`}: ${e.message}`);
    innermost = e;
  }
  return {
    chain,
    stack: innermost.stack
      ?.split('\n')
      .slice(1, 8)
      .map((l) => l.trim()),
  };
}

/** `12:03:04 info  message  key=value`, control characters shown as escapes. */
export function readable(entry: LogEntry): string {
  const { level, time, msg, ...rest } = entry;
  const fields = Object.entries(rest).map(([k, v]) => `${k}=${shown(v)}`);
  return visible([time.slice(11, 19), level.padEnd(5), msg ?? '', ...fields].join(' ').trimEnd());
}

function shown(value: unknown): string {
  if (typeof value === 'string') return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  return JSON.stringify(value);
}

function visible(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]/gu, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
