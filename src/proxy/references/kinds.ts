// Every kind of reference there is, and how a reference is told from what is none.
// It must not resolve one, and no error repeats what was written: it may be the key itself.
import { Fault } from '../../fault.ts';
import { didYouMean } from '../../nearest.ts';
import { awsSm } from './kinds/aws-sm.ts';
import { azureKv } from './kinds/azure-kv.ts';
import { credential } from './kinds/credential.ts';
import { env } from './kinds/env.ts';
import { exec } from './kinds/exec.ts';
import { file } from './kinds/file.ts';
import { gcpSm } from './kinds/gcp-sm.ts';
import { keychain } from './kinds/keychain.ts';
import { op } from './kinds/op.ts';
import { vault } from './kinds/vault.ts';
import type { ReferenceKind } from './reference.ts';

/** One file in `kinds` each. */
export const KINDS: readonly ReferenceKind[] = Object.freeze([env, file, exec, keychain, op, vault, awsSm, azureKv, gcpSm, credential]);

/** Variables that hold secrets by which stores are entered. */
export const SECRET_VARIABLES: readonly string[] = Object.freeze(KINDS.flatMap(({ secretVariables = [] }) => secretVariables));

/** A reference taken apart. */
export interface Located {
  readonly kind: ReferenceKind;
  readonly where: string;
  /** The reference as it may be shown. */
  readonly shown: string;
}

/** Takes `KIND:WHERE` apart. Throws Fault `bad-request`, whose detail is one line that says how it is written. */
export function parseReference(reference: string): Located {
  const at = reference.indexOf(':');
  const named = reference.slice(0, at);
  const kind = KINDS.find(({ name }) => name === named);
  if (!kind) {
    const names = KINDS.map(({ name }) => `${name}:`);
    throw new Fault('bad-request', `a reference begins with ${names.join(', ')}${didYouMean(`${named}:`, names)}`);
  }
  const where = reference.slice(at + 1);
  if (/(?!\t)\p{Cc}/u.test(where)) throw new Fault('bad-request', 'a reference is one line, without control characters');
  if (!kind.isWellFormed(where)) throw new Fault('bad-request', `a reference of this kind is written ${kind.form}`);
  return { kind, where, shown: `${kind.name}:${kind.shown?.(where) ?? where}` };
}
