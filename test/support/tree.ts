// What a folder holds, as one text an entry: type, mode, owner, content or target. Two trees that are alike compare equal; times do not count.
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join, relative } from 'node:path';

export function treeOf(...folders: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  const visit = (root: string, path: string) => {
    const seen = lstatSync(path);
    const content = seen.isSymbolicLink() ? `-> ${readlinkSync(path)}` : seen.isFile() ? digest(path) : '';
    found[join(root, relative(root, path))] = `${seen.mode.toString(8)} ${seen.uid}:${seen.gid} ${content}`;
    if (seen.isDirectory()) for (const name of readdirSync(path).sort()) visit(root, join(path, name));
  };
  for (const folder of folders) visit(folder, folder);
  return found;
}

function digest(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 16);
}
