// Compiled code is kept beside the packages: the next start need not strip types again, which saves a third of its time and
// 30 MB of a daemon that stays. The variable that asks Node for it is ours alone and reaches no client. The built package needs
// none: there is nothing to strip, and nothing is to be written into where it is installed.
import { extname, join } from 'node:path';

/** Set by the launcher when the cache is ours; a cache that the user has set is left as it is. */
const OURS = 'SALLYPORT_COMPILE_CACHE';

/** Takes the launcher's variables out of an environment before anybody inherits it. */
export function forgetCompileCache(environment: NodeJS.ProcessEnv): void {
  if (environment[OURS] === undefined) return;
  delete environment[OURS];
  delete environment.NODE_COMPILE_CACHE;
}

/** The variables for a Sallyport process started by another. */
export function withCompileCache(environment: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  if (environment.NODE_COMPILE_CACHE !== undefined || extname(import.meta.filename) === '.js') return { ...environment };
  return { ...environment, NODE_COMPILE_CACHE: join(import.meta.dirname, '..', 'node_modules', '.cache', 'sallyport'), [OURS]: '1' };
}
