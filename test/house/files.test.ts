// Files: their size, their names and their opening comment.
import { describe, expect, test } from 'vitest';
import { listFiles, productFiles, readText, stem } from './sources.ts';

const AIM_LINES = 300;
const REFUSED_LINES = 400;

/** Why a file is longer than it should be. A file that has shrunk leaves this list. */
const LONG_FOR_A_REASON: Readonly<Record<string, string>> = {};

const EMPTY_NAMES = /^(utils?|helpers?|manager|service|base|types?|common|misc|shared|lib|index)$/;
const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*$/;

const lines = (file: string) => readText(file).split('\n').length - 1;

/** The `//` lines a file opens with; a shebang does not count. */
function openingLines(text: string): number {
  const all = text.split('\n');
  const first = all[0]?.startsWith('#!') ? 1 : 0;
  const end = all.findIndex((line, i) => i >= first && !line.startsWith('//'));
  return end - first;
}

describe('every file of src and cmd', () => {
  const files = productFiles();

  test('stays within 300 lines, or says why not; 400 is refused', () => {
    const long = files.filter((file) => lines(file) > AIM_LINES);
    expect(long.filter((file) => lines(file) > REFUSED_LINES)).toEqual([]);
    expect(long).toEqual(Object.keys(LONG_FOR_A_REASON).sort());
  });

  test('opens with two to five lines: what it promises and what it must not know', () => {
    const wrong = files.map((file) => [file, openingLines(readText(file))] as const).filter(([, n]) => n < 2 || n > 5);
    expect(wrong).toEqual([]);
  });

  test('ends with a newline and has no carriage return, tab or trailing space', () => {
    const wrong = files.filter((file) => !readText(file).endsWith('\n') || /\r|\t| $/m.test(readText(file)));
    expect(wrong).toEqual([]);
  });
});

describe('names', () => {
  const all = ['src', 'cmd', 'test', 'bench', 'scripts'].flatMap((folder) => listFiles(folder, '.ts', '.mjs', '.cjs'));

  test('are kebab-case and say what the file holds', () => {
    const names = all.flatMap((file) =>
      file.split('/').map((part) => [file, part.replace(/(\.property)?(\.test|\.d)?\.[a-z]+$/, '')] as const),
    );
    expect(names.filter(([, name]) => !KEBAB.test(name))).toEqual([]);
    // A command is called what its users type, and so is the folder of what it does.
    const commands = new Set(listFiles('cmd/commands', '.ts').map(stem));
    const isEmpty = (file: string) =>
      file.split('/').some((part) => EMPTY_NAMES.test(stem(part)) && !(/\bcmd\//.test(file) && commands.has(stem(part))));
    expect(all.filter((file) => !file.startsWith('scripts/') && isEmpty(file))).toEqual([]);
  });

  test('of unit tests mirror the sources', () => {
    const sources = new Set(productFiles().map((file) => file.replace(/^src\//, '')));
    const folders = new Set([...sources].flatMap((file) => prefixes(file)));
    const adrift = listFiles('test/unit', '.test.ts')
      .map((file) => file.replace(/^test\/unit\//, ''))
      .filter((file) => !folders.has(file.split('/').slice(0, -1).join('/')) && !sources.has(file.replace('.test.ts', '.ts')));
    expect(adrift.filter((file) => !file.startsWith('support/'))).toEqual([]);
  });
});

test('the check of opening lines sees what it should', () => {
  expect(openingLines("// one\n// two\nimport 'x';\n")).toBe(2);
  expect(openingLines('#!/usr/bin/env node\n// one\nx;\n')).toBe(1);
  expect(openingLines("import 'x';\n")).toBe(0);
});

function prefixes(file: string): string[] {
  const parts = file.split('/');
  return parts.map((_, i) => parts.slice(0, i).join('/'));
}
