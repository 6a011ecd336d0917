// Where a program lies, as a shell would find it. Relative folders of PATH are passed over: what lies there depends on where one stands.
// Must not run anything.
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/** The absolute path of the first of `names` that PATH leads to, folder by folder for each; undefined where there is none. */
export function inPath(names: readonly string[], path: string | undefined): string | undefined {
  const folders = (path ?? '').split(delimiter).filter((folder) => isAbsolute(folder));
  const spelt = process.platform === 'win32' ? names.map((name) => `${name}.exe`) : names;
  return spelt.flatMap((name) => folders.map((folder) => join(folder, name))).find(isProgram);
}

/** Whether a file can be started. */
export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
