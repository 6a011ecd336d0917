// The actions of `sallyport vault`, each from a call to its exit code.
// Must not know how they do it.
import { key } from './key.ts';
import { rekey } from './rekey.ts';

/** By the word on the command line. */
export const ACTIONS = { key, rekey } as const;
