// Waiting with a bound: every wait for a peer has a deadline, and the deadline has a Fault.
// It must not know what is waited for.
import { Fault, type FaultCode } from '../../fault.ts';

/** The value, or a Fault `code` when it takes longer than `ms`. The wait itself cannot be undone: give up the peer after a Fault. */
export function within<T>(wait: Promise<T> | T, ms: number, code: FaultCode, detail?: string): Promise<T> | T {
  if (!(wait instanceof Promise)) return wait;
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Fault(code, detail)), ms);
    wait.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (reason) => {
        clearTimeout(timer);
        reject(reason);
      },
    );
  });
}

/** The same, but the time runs only while `progress` stays what it is: bytes that flow the other way are a sign of life too. */
export function whileQuiet<T>(wait: Promise<T> | T, ms: () => number, code: FaultCode, progress: () => number): Promise<T> | T {
  return wait instanceof Promise ? untilQuiet(wait, ms, code, progress) : wait;
}

async function untilQuiet<T>(wait: Promise<T>, ms: () => number, code: FaultCode, progress: () => number): Promise<T> {
  for (;;) {
    const before = progress();
    try {
      return await within(wait, ms(), code);
    } catch (thrown) {
      if (!(thrown instanceof Fault) || thrown.code !== code || progress() === before) throw thrown;
    }
  }
}

/** A body slower than this is a slowloris, not a slow link: clients are on this machine. */
const SLOWEST_BYTES_PER_S = 64;

/** Tells a client that drips its body from one that takes its time. Only time spent waiting for the client counts. */
export class Pace {
  readonly #graceMs: number;
  #waitedMs = 0;
  #bytes = 0;
  constructor(graceMs: number) {
    this.#graceMs = graceMs;
  }

  /** `bytes` came after `waitedMs`. Throws Fault `client-slow`. */
  note(bytes: number, waitedMs: number): void {
    this.#waitedMs += waitedMs;
    this.#bytes += bytes;
    if (this.#waitedMs > this.#graceMs && this.#bytes < (this.#waitedMs / 1000) * SLOWEST_BYTES_PER_S) throw new Fault('client-slow');
  }
}
