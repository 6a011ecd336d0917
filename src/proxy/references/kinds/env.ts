// A variable of the daemon's own environment.
// It must not look anywhere else.
import { type ReferenceKind, Unresolved } from '../reference.ts';

/** `env:NAME`. */
export const env: ReferenceKind = {
  name: 'env',
  form: 'env:NAME',
  isWellFormed: (name) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name),
  resolve: async (name, { environment }) => {
    const value = environment[name];
    if (value === undefined || value === '') throw new Unresolved(`the variable ${value === '' ? 'is empty' : 'is not set'}`);
    return { value };
  },
};
