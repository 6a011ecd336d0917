// Programs are started with an array of words. No shell reads a text that was put together here: a path or a name would become a command.
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { listFiles, parseFile, parseText, place, walk } from './sources.ts';

const STARTERS = /^(spawn|spawnSync|execFile|execFileSync|fork)$/;
/** The switch behind which shells take a program: sh and bash; cmd.exe; PowerShell. */
const PROGRAM = /^(-[a-z]*c|\/c|-?-command|-encodedcommand)$/i;

/** What starts a shell, or hands one a text that is not written out in the source. As `file:line what`. */
function shells(source: ts.SourceFile): string[] {
  const found: string[] = [];
  walk(source, (node) => {
    const add = (what: string) => found.push(`${place(source, node)} ${what}`);
    if (ts.isImportSpecifier(node) && /^(exec|execSync)$/.test((node.propertyName ?? node.name).text)) {
      const from = node.parent.parent.parent.moduleSpecifier as ts.StringLiteral;
      if (/child_process/.test(from.text)) add('exec');
    }
    if (ts.isNamespaceImport(node) && /child_process/.test((node.parent.parent.moduleSpecifier as ts.StringLiteral).text)) add('*');
    if (ts.isPropertyAssignment(node) || ts.isShorthandPropertyAssignment(node)) {
      const call = node.parent.parent;
      if (node.name.getText() === 'shell' && ts.isCallExpression(call) && STARTERS.test(call.expression.getText())) add('shell');
    }
    if (ts.isArrayLiteralExpression(node)) {
      const at = node.elements.findIndex((word) => ts.isStringLiteral(word) && PROGRAM.test(word.text));
      const program = at < 0 ? undefined : node.elements[at + 1];
      if (program && !ts.isStringLiteral(program) && !ts.isNoSubstitutionTemplateLiteral(program)) add('a program put together');
    }
  });
  return found;
}

describe('src and cmd', () => {
  test('start no shell, and hand none a text put together', () => {
    expect([...listFiles('src', '.ts'), ...listFiles('cmd', '.ts')].flatMap((file) => shells(parseFile(file)))).toEqual([]);
  });

  test.each([
    ["import { exec } from 'node:child_process';", 'exec'],
    ["import { execSync as run } from 'child_process';", 'exec'],
    ["import * as all from 'node:child_process';", '*'],
    ['spawn(file, words, { shell: true });', 'shell'],
    ["spawn('sh', ['-c', 'rm ' + path]);", 'a program put together'],
    ["spawn('sh', ['-ec', text]);", 'a program put together'],
    ["spawn('sudo', ['--', 'bash', '-c', 'a' + b]);", 'a program put together'],
    ["spawn('powershell', ['-Command', text]);", 'a program put together'],
  ])('are read for it: %s', (text, what) => {
    expect(shells(parseText('x.ts', text))).toEqual([`x.ts:1 ${what}`]);
  });

  test.each([
    "spawn('sh', ['-c', 'exec \"$0\"', path]);",
    "re.exec('x');",
    'f({ shell: 1 });',
    "import { execFile } from 'node:child_process';",
  ])('may do what no shell expands: %s', (text) => {
    expect(shells(parseText('x.ts', text))).toEqual([]);
  });
});
