// One file is one thing: where a folder is a list, each file exports that one thing under the file's own name, and somebody lists it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { camel, listFiles, ONE_THING, productFiles, readText, root, stem } from './sources.ts';

const files = ONE_THING.filter((folder) => existsSync(join(root, folder))).flatMap((folder) => listFiles(folder, '.ts'));

describe('one file is one thing', () => {
  test.each(files)('%s exports one thing, which bears its name', async (file) => {
    const values: Record<string, unknown> = await import(join(root, file));
    // Functions about the thing may stand beside it.
    expect(Object.keys(values).filter((name) => typeof values[name] !== 'function')).toEqual([camel(stem(file))]);
    const thing = values[camel(stem(file))] as { readonly name?: string };
    expect(thing).toBeTypeOf('object');
    // A command's name goes on with its positionals.
    if ('name' in thing) expect(thing.name?.split(' ')[0]).toBe(stem(file));
  });

  test('and every one of them is used', () => {
    const texts = productFiles().map((file) => [file, readText(file)] as const);
    const unused = files.filter((file) => !texts.some(([other, text]) => other !== file && text.includes(`/${stem(file)}.ts'`)));
    expect(unused).toEqual([]);
  });
});
