// Where the rules commands read from and write to: files by name or standard input, and standard output with its reader's pace.
// Must not know what is read.
import { createReadStream, fstatSync, statSync } from 'node:fs';
import { CommandFailure, EXIT } from '../failure.ts';

/** Something to read. */
export interface Input {
  /** For lines about it: the file, or nothing for standard input. */
  readonly name: string | undefined;
  /** Bytes; undefined where nobody knows. */
  readonly size: number | undefined;
  readonly chunks: () => AsyncIterable<Buffer>;
}

const FILE_CHUNK = 1024 * 1024;

/** The files in their order, `-` for standard input, which is all there is without files. Throws CommandFailure for what is no file. */
export function inputsOf(files: readonly string[]): Input[] {
  if (files.length === 0) return [standardInput()];
  return files.map((file) => {
    if (file === '-') return standardInput();
    const size = reading(file, () => {
      const seen = statSync(file);
      if (seen.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
      return seen.isFile() ? seen.size : undefined;
    });
    return { name: file, size, chunks: () => readFaults(file, createReadStream(file, { highWaterMark: FILE_CHUNK })) };
  });
}

/** All of it. Throws CommandFailure beyond `maxBytes`, which `limit` says more about. */
export async function readWhole(input: Input, maxBytes: number, limit = ''): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of input.chunks()) {
    length += chunk.length;
    if (length > maxBytes)
      throw new CommandFailure(EXIT.usage, `${input.name ?? 'standard input'} is longer than ${maxBytes} bytes${limit}`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

/** Writes to standard output and waits until that is done. False: its reader has gone. */
export function writeOut(text: string): Promise<boolean> {
  if (text === '') return Promise.resolve(true);
  return new Promise((resolve) => process.stdout.write(text, (error) => resolve(!error)));
}

/** Runs what reads a file and says in a line why that cannot be. */
function reading<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    throw unreadable(file, thrown);
  }
}

function standardInput(): Input {
  const size = reading('standard input', () => {
    const seen = fstatSync(0);
    if (seen.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
    return seen.isFile() ? seen.size : undefined;
  });
  return { name: undefined, size, chunks: () => readFaults('standard input', process.stdin as AsyncIterable<Buffer>) };
}

async function* readFaults(file: string, chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* chunks;
  } catch (thrown) {
    throw unreadable(file, thrown);
  }
}

function unreadable(file: string, thrown: unknown): CommandFailure {
  const code = String((thrown as NodeJS.ErrnoException).code);
  const words: Record<string, string> = { ENOENT: 'it is not there', EISDIR: 'it is a folder', EACCES: 'permission denied' };
  return new CommandFailure(EXIT.usage, `${file} cannot be read: ${words[code] ?? code}`);
}
