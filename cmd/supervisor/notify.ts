// Tells systemd what the daemon is about: ready, reloading, stopping, alive (sd_notify(3)). Node has no datagram sockets of the Unix kind:
// libc sends, or else systemd-notify, which needs NotifyAccess=all. Must not hold the daemon up, nor end it: what cannot be told is logged.
import { execFile } from 'node:child_process';
import type { Logger } from 'pino';
import { datagramSender } from '../../src/proxy/libc.ts';
import type { Handover } from './handover.ts';

/** Whoever started the daemon and watches over it. */
export interface Supervisor {
  /** All doors are open, at first and after each reload. `status` is for people, one line. */
  ready(status: string): void;
  reloading(): void;
  /** The way to the end may take so long, ms. */
  stopping(withinMs: number): void;
  /** Gives a sign of life twice in each interval, as long as `isWell` says so. The returned function ends it. */
  watch(isWell: (deadlineMs: number) => Promise<boolean>): () => void;
  /** When all that was told has been sent. */
  sent(): Promise<void>;
}

/** Sends one message of `NAME=value` lines. Rejects with an Error. */
export type Send = (socket: string, lines: readonly string[]) => Promise<void>;

/** What a supervisor is reached by. */
export interface Means {
  readonly log: Pick<Logger, 'warn' | 'error'>;
  /** Runs `task` once, `delayMs` from now; the returned function calls it off. */
  readonly schedule: (task: () => void, delayMs: number) => () => void;
  readonly send?: Send;
}

/** A look at the listener takes at most this long. */
const LOOK_MS = 5000;

/** Undefined where nobody is to be told. */
export function openSupervisor(
  { notifySocket, watchdogMs }: Omit<Handover, 'fd'>,
  { log, schedule, send = openSend() }: Means,
): Supervisor | undefined {
  if (notifySocket === undefined) return undefined;
  let queue = Promise.resolve();
  const tell = (...lines: string[]) => {
    queue = queue
      .then(() => send(notifySocket, lines))
      .catch((err: unknown) => log.warn({ err, state: lines[0] }, 'systemd could not be told'));
  };
  return {
    ready: (status) => tell('READY=1', `STATUS=${status}`),
    reloading: () => tell('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`),
    stopping: (withinMs) =>
      tell('STOPPING=1', `EXTEND_TIMEOUT_USEC=${Math.ceil(withinMs * 1000)}`, 'STATUS=letting what runs come to its end'),
    watch(isWell) {
      if (watchdogMs === undefined) return () => {};
      const halfMs = watchdogMs / 2;
      let isOver = false;
      const look = () =>
        void isWell(Math.min(LOOK_MS, halfMs / 2)).then((well) => {
          if (isOver) return;
          if (well) tell('WATCHDOG=1');
          else log.error('no connection gets through to the listener: systemd will start the daemon anew');
          cancel = schedule(look, halfMs);
        });
      let cancel = schedule(look, halfMs);
      return () => {
        isOver = true;
        cancel();
      };
    },
    sent: () => queue,
  };
}

/** Whether this process can speak for itself. */
export function speaksItself(): boolean {
  return datagramSender() !== undefined;
}

/** The ways there are, in order; `datagram` undefined where libc cannot be called. */
export function openSend(datagram = datagramSender(), program: Send = systemdNotify): Send {
  return async (socket, lines) => {
    if (!datagram?.(socket, Buffer.from(`${lines.join('\n')}\n`))) await program(socket, lines);
  };
}

const SEND_MS = 10_000;

const systemdNotify: Send = (socket, lines) => {
  const env = { PATH: process.env.PATH, NOTIFY_SOCKET: socket };
  return new Promise((resolve, reject) => {
    execFile('systemd-notify', lines, { env, timeout: SEND_MS, killSignal: 'SIGKILL' }, (error) => (error ? reject(error) : resolve()));
  });
};
