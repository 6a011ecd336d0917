// A field of an item in 1Password, through its command `op`, which knows who is signed in.
// It must not know about accounts or sessions.
import type { ReferenceKind } from '../reference.ts';

/** `op:VAULT/ITEM/FIELD`, also as 1Password itself writes it, `op://VAULT/ITEM/FIELD`; a section may stand before the field. */
export const op: ReferenceKind = {
  name: 'op',
  form: 'op:VAULT/ITEM/FIELD',
  secretVariables: ['OP_SERVICE_ACCOUNT_TOKEN'],
  isWellFormed: (where) => /^(\/\/)?[^/]+(\/[^/]+){2,3}$/.test(where),
  resolve: async (where, { run }) => ({
    value: await run(['op', 'read', '--no-newline', `op://${where.replace(/^\/\//, '')}`], 'install the 1Password CLI'),
  }),
};
