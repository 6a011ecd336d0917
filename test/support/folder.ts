// A scratch folder for one test, gone afterwards. Must not be shared between tests.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A fresh 0700 folder, removed when the running test ends. Short: socket paths must fit into 107 bytes. */
export function scratchFolder(within = tmpdir()): string {
  const folder = mkdtempSync(join(within, 'sp-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
