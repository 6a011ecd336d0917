// What the house tests look at: the checkout's own files, read and parsed. Knows no rule of the house itself.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import ts from 'typescript';

/** The checkout. */
export const root: string = join(import.meta.dirname, '../..');

const NOT_OURS = new Set(['node_modules', '.git', '.cache', 'dist', 'coverage']);

/** Paths below `folder` (relative to the checkout, `/` between names, sorted) that end in one of `endings`; all when none is given. */
export function listFiles(folder: string, ...endings: readonly string[]): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((file) => !file.split('/').some((part) => NOT_OURS.has(part)))
    .filter((file) => endings.length === 0 || endings.some((ending) => file.endsWith(ending)))
    .sort();
}

/** The TypeScript of the product. */
export function productFiles(): string[] {
  return [...listFiles('src', '.ts'), ...listFiles('cmd', '.ts')];
}

/** The text of a file of the checkout. */
export function readText(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

/** `src/proxy/egress/dial.ts` -> `dial`. */
export function stem(file: string): string {
  return basename(file).replace(/\.[a-z]+$/, '');
}

/** `github-copilot` -> `githubCopilot`. */
export function camel(name: string): string {
  return name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** Folders in which one file is one thing: it exports that thing, named like the file. */
export const ONE_THING: readonly string[] = [
  'src/rules/providers/',
  'src/rules/dialects/',
  'src/rules/detectors/',
  'src/rules/guardrails/',
  'src/store/key-sources/',
  'src/proxy/references/kinds/',
  'cmd/system/settings/',
  'cmd/doctor/runtimes/',
  'src/cert/trust/',
];

/** The syntax tree of one of our files, with parent links. */
export function parseFile(file: string): ts.SourceFile {
  return parseText(file, readText(file));
}

/** The same for a text that is not on disk. */
export function parseText(file: string, text: string): ts.SourceFile {
  return ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
}

/** `file:line` of a node, 1-based. */
export function place(source: ts.SourceFile, node: ts.Node): string {
  return `${source.fileName}:${source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1}`;
}

/** Calls `visit` on every node of the tree, parents first. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  node.forEachChild((child) => walk(child, visit));
}
