// What a program prints: for every store of secrets that has a command and no kind of its own.
// No shell is involved, and the arguments are never shown: they may hold something.
import { pathOf, type ReferenceKind } from '../reference.ts';
import { wordsOf } from '../words.ts';

/** `exec:COMMAND`. The program is a name to look for in PATH, an absolute path, or one below the user's home. */
export const exec: ReferenceKind = {
  name: 'exec',
  form: 'exec:PROGRAM ARGUMENTS, quoted as in a shell where an argument holds blanks',
  isWellFormed: (command) => {
    const program = wordsOf(command)?.[0];
    return program !== undefined && /^(~?\/.+|[^/~-][^/]*)$/.test(program);
  },
  shown: (command) => {
    const [program, ...rest] = wordsOf(command) ?? [];
    return rest.length === 0 ? `${program}` : `${program} …`;
  },
  resolve: async (command, { run, userHome }) => {
    const [program, ...rest] = wordsOf(command)!;
    return { value: await run([pathOf(program!, userHome), ...rest]) };
  },
};
