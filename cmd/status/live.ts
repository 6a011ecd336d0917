// `sallyport status --watch`: drawn anew each second, in its own place where there is a terminal, else one block after the other.
// Must not outlive its reader, nor leave the terminal other than it was.
import { setTimeout as pause } from 'node:timers/promises';
import type { ControlClient } from '../../src/proxy/control/call.ts';
import type { Status } from '../../src/proxy/control/messages.ts';
import type { Call } from '../command.ts';
import { EXIT } from '../failure.ts';
import { writeOut } from '../rules/input.ts';
import { livePicture } from './picture.ts';

const WATCH_MS = 1000;
const CLEAR = '\u001B[H\u001B[2J';
const TO_LINE_END = '\u001B[K';
const TO_SCREEN_END = '\u001B[J';

/** Ends when it is interrupted or its reader has gone. Throws NotRunning when the daemon ends. */
export async function watchStatus(client: ControlClient, { json, invocation, terminal }: Call): Promise<number> {
  const { NO_COLOR, TERM } = invocation.environment;
  const isDrawn = terminal.isTty && TERM !== 'dumb' && !json;
  const interrupted = new AbortController();
  const { signal } = interrupted;
  const interrupt = () => interrupted.abort();
  const ended = new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined), { once: true }));
  let last: Status | undefined;
  let drawn = 0;
  let blocks = 0;
  const show = (status: Status, before = ''): Promise<boolean> => {
    if (json) return writeOut(`${JSON.stringify(status)}\n`);
    if (!isDrawn) {
      const lines = livePicture(status, Date.now(), {
        width: Number.POSITIVE_INFINITY,
        height: Number.POSITIVE_INFINITY,
        hasColour: false,
      });
      return writeOut(`${blocks++ > 0 ? '\n' : ''}${lines.join('\n')}\n`);
    }
    // The last column and the last line stay free: what reaches them moves the rest.
    const { columns = 80, rows = 24 } = process.stdout;
    const lines = livePicture(status, Date.now(), { width: columns - 1, height: Math.max(2, rows - 1), hasColour: !NO_COLOR });
    const back = drawn > 0 ? `\u001B[${drawn}A\r` : '';
    drawn = lines.length;
    return writeOut(`${before}${back}${lines.map((line) => `${line}${TO_LINE_END}\n`).join('')}${TO_SCREEN_END}`);
  };
  const resized = () => {
    // What was drawn is folded by now, and nobody knows where.
    if (!isDrawn || !last) return;
    drawn = 0;
    void show(last, CLEAR);
  };
  process.stdout.on('resize', resized);
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, interrupt);
  try {
    for (;;) {
      const status = await Promise.race([client.status(), ended]);
      if (!status || !(await show(status))) return EXIT.ok;
      last = status;
      await pause(WATCH_MS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return EXIT.ok;
    }
  } finally {
    process.stdout.off('resize', resized);
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, interrupt);
  }
}
