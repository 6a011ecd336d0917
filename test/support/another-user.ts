// A program of another user on this machine, where we may start one: root may.
// Must not be given anything to read but its arguments.
import { spawnSync } from 'node:child_process';

/** Conventionally nobody's. */
export const NOBODY = 65_534;

const AS_NOBODY = { uid: NOBODY, gid: NOBODY, env: {}, cwd: '/', timeout: 20_000 } as const;

/** Whether we can: we are root, and our Node can be run by others. */
export const canBeNobody: boolean =
  process.getuid?.() === 0 && spawnSync(process.execPath, ['-e', 'process.exit(7)'], AS_NOBODY).status === 7;

const PROGRAM = `
  const [port, text] = process.argv.slice(1);
  const socket = require('node:net').connect(Number(port), '127.0.0.1', () => socket.write(text));
  socket.on('data', (bytes) => { process.stdout.write(bytes); if (String(bytes).includes('\\r\\n\\r\\n')) socket.end(); });
  socket.on('error', (error) => { console.error(error.message); process.exitCode = 1; });`;

/** Sends the text as that user and gives what came back. */
export function sayAsNobody(port: number, text: string): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', PROGRAM, String(port), text], AS_NOBODY);
  if (status !== 0) throw new Error(`it ended with ${status}: ${stderr}`);
  return stdout.toString();
}
