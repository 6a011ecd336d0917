// Exports: each has a doc comment of its contract. Where one file is one thing, the file's opening comment is that thing's.
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { camel, ONE_THING, parseFile, parseText, place, productFiles, stem } from './sources.ts';

/** Exported declarations without a doc comment, as `file:line name`. The one thing of a one-thing file has the opening comment. */
function undocumented(source: ts.SourceFile): string[] {
  const overloads = new Set<string>();
  const only = ONE_THING.some((folder) => source.fileName.startsWith(folder)) ? camel(stem(source.fileName)) : undefined;
  return source.statements.flatMap((statement) => {
    if (!ts.canHaveModifiers(statement)) return [];
    if (!ts.getModifiers(statement)?.some((m) => m.kind === ts.SyntaxKind.ExportKeyword)) return [];
    const name = nameOf(statement);
    const documented = ts.getJSDocCommentsAndTags(statement).length > 0 || overloads.has(name) || name === only;
    overloads.add(name);
    return documented ? [] : [`${place(source, statement)} ${name}`];
  });
}

function nameOf(statement: ts.Statement): string {
  if (ts.isVariableStatement(statement)) return statement.declarationList.declarations.map((d) => d.name.getText()).join(', ');
  return (statement as ts.Statement & { name?: ts.Identifier }).name?.text ?? 'default';
}

describe('every export of src and cmd', () => {
  test('has a doc comment', () => {
    expect(productFiles().flatMap((file) => undocumented(parseFile(file)))).toEqual([]);
  });

  test('is checked by a test that can fail', () => {
    const text = '/** A. */\nexport const a = 1;\nexport function b() {}\n// not a doc comment\nexport interface C {}\nconst d = 1;\n';
    expect(undocumented(parseText('x.ts', text))).toEqual(['x.ts:3 b', 'x.ts:5 C']);
  });
});
