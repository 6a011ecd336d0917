// Which version this is.
// Must not be asked often: it reads a file.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The version of the package: beside cmd in a checkout, one folder higher up in the built package. */
export function packageVersion(): string {
  for (const up of ['..', '../..']) {
    try {
      return (JSON.parse(readFileSync(join(import.meta.dirname, up, 'package.json'), 'utf8')) as { version: string }).version;
    } catch {
      // The next place.
    }
  }
  return '0.0.0';
}
