// A stand-in for the socket on which systemd hears of its services: a datagram Unix socket, which Node has none of and Python does.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { eventually } from './eventually.ts';

const LISTENER = `
import json, socket, sys
name = sys.argv[1]
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind('\\0' + name[1:] if name[0] == '@' else name)
print(json.dumps(['bound']), flush=True)
while True:
    print(json.dumps(listener.recv(65536).decode().split()), flush=True)
`;

export interface NotifySocket {
  /** Messages so far, each as its words: a line a word as long as none holds a blank. systemd-notify's BARRIER=1 is left out. */
  readonly messages: readonly (readonly string[])[];
  /** The first message from `from` on that has a word that begins so. */
  heard(word: string, from?: number): Promise<readonly string[]>;
}

/** Listens on a path or an abstract name (`@name`) until the test ends. */
export async function startNotifySocket(name: string): Promise<NotifySocket> {
  const child = spawn('python3', ['-c', LISTENER, name], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const messages: string[][] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    const words = JSON.parse(line) as string[];
    if (words[0] !== 'BARRIER=1') messages.push(words);
  });
  const heard = (word: string, from = 0) =>
    eventually(() => {
      const found = messages.slice(from).find((words) => words.some((one) => one.startsWith(word)));
      if (!found) throw new Error(`no ${word} among ${JSON.stringify(messages)}`);
      return found;
    });
  await heard('bound');
  messages.length = 0;
  return { messages, heard };
}
