// A credential of our own vault, wherever its value is kept.
// It must not know how it is sealed.
import type { ReferenceKind } from '../reference.ts';

/** `credential:NAME`. */
export const credential: ReferenceKind = {
  name: 'credential',
  form: 'credential:NAME',
  isWellFormed: (name) => /^[a-z0-9][a-z0-9._-]{0,63}$/.test(name),
  resolve: (name, { credential: find }) => find(name),
};
