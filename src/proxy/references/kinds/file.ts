// A file that holds the value and nothing else, closed to others.
// It must not take anything off but one line end.
import { pathOf, type ReferenceKind, withoutLineEnd } from '../reference.ts';

/** `file:PATH`, absolute or below the user's home. */
export const file: ReferenceKind = {
  name: 'file',
  form: 'file:/PATH or file:~/PATH',
  isWellFormed: (path) => /^~?\/.+$/.test(path),
  resolve: async (path, { read, userHome }) => ({ value: withoutLineEnd(await read(pathOf(path, userHome))) }),
};
