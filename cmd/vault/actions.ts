// The actions of `sallyport vault`, each from a call to its exit code.
// Must not know how they do it.
import { list, placeholder, remove, rename, rotate, set, show } from './entries.ts';
import { importEntries } from './import.ts';
import { key } from './key.ts';
import { rekey } from './rekey.ts';
import { unlock } from './unlock.ts';

/** By the word on the command line. */
export const ACTIONS = { set, list, show, placeholder, rotate, rename, remove, import: importEntries, key, rekey, unlock } as const;
