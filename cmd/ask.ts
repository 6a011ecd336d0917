// Asks at the terminal: for what nobody may read over a shoulder or in a log, which is not shown, and for a yes.
// Must not keep the answer.
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { CommandFailure } from './failure.ts';

/** Whether there is somebody to ask. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** One line from the terminal, not shown. Throws CommandFailure when it is broken off (Ctrl-C, Ctrl-D). */
export function askHidden(question: string): Promise<string> {
  return answerTo(question, new Writable({ write: (_chunk, _encoding, done) => done() }));
}

/** The same, shown as it is typed. */
export function ask(question: string): Promise<string> {
  return answerTo(question, process.stderr);
}

function answerTo(question: string, output: NodeJS.WritableStream): Promise<string> {
  const lines = createInterface({ input: process.stdin, output, terminal: true, historySize: 0 });
  process.stderr.write(question);
  return new Promise((resolve, reject) => {
    let answer: string | undefined;
    lines.once('line', (line) => {
      answer = line;
      lines.close();
    });
    lines.once('SIGINT', () => lines.close());
    lines.once('close', () => {
      process.stderr.write('\n');
      if (answer === undefined) reject(new CommandFailure(BROKEN_OFF, 'broken off: nothing was changed'));
      else resolve(answer);
    });
  });
}

/** As shells have it for SIGINT. */
const BROKEN_OFF = 130;
