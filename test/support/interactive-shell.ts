// A shell at a terminal, as a user has one: script(1) brings the terminal, so that prompts and what hangs on them are real.
// Must not know what is typed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';

export interface InteractiveShell {
  /** Types a line and gives what it printed, and its exit status, once the next prompt has come. */
  type(line: string): Promise<{ readonly out: string; readonly status: number }>;
}

/** How each is started without the files of whoever runs the tests. */
const PLAIN = { bash: 'bash --norc --noprofile -i', zsh: 'zsh -f -i', fish: 'fish --no-config -i' } as const;
const STATUS = { bash: '$?', zsh: '$?', fish: '$status' } as const;
const WAIT_MS = 20_000;

/** Starts one with exactly these variables; it ends with the test. */
export function openShell(shell: keyof typeof PLAIN, env: Readonly<Record<string, string>>, cwd: string): InteractiveShell {
  const child = spawn('script', ['-qfec', PLAIN[shell], '/dev/null'], {
    env: { ...env, TERM: 'dumb' },
    cwd,
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  onTestFinished(async () => {
    // Asked first: some write their history when they are ended, and the folder is about to go.
    child.stdin.write('exit\n');
    const timer = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), 5_000);
    await closed;
    clearTimeout(timer);
  });
  child.stdin.on('error', () => undefined);
  let said = '';
  let heard = () => {};
  child.stdout.on('data', (bytes: Buffer) => {
    said += bytes;
    heard();
  });
  let serial = 0;
  return {
    type: async (line) => {
      const mark = `end${++serial}`;
      const from = said.length;
      // What the terminal echoes has the words apart; what is printed has them together. The guard of the next prompt runs before the second.
      child.stdin.write(`printf '%s<' ${mark}; ${line}; printf '>%s:%s\\n' ${STATUS[shell]} ${mark}\n`);
      const done = new RegExp(`${mark}<([^]*?)>(\\d+):${mark}`);
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const look = () => done.test(said.slice(from)) && resolve();
      const timer = setTimeout(() => reject(new Error(`${shell} did not finish «${line}»: ${said.slice(from)}`)), WAIT_MS);
      heard = look;
      look();
      await promise.finally(() => clearTimeout(timer));
      const [, out, status] = done.exec(said.slice(from))!;
      return { out: out!.replaceAll('\r', ''), status: Number(status) };
    },
  };
}
