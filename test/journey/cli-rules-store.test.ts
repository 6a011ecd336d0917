// `sallyport rules list|add|edit|remove|enable|disable|move|export|import`: what a person sees, what a program gets, and mistakes.
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openStore } from '../../src/store/open.ts';
import { readText } from '../house/sources.ts';
import { FREE, json, newUser, type User } from '../support/sallyport.ts';

interface Row {
  readonly position: number;
  readonly id: string;
  readonly from: string;
  readonly origin: string;
  readonly enabled: boolean;
  readonly action?: string;
  readonly trouble?: string;
}

const list = async (user: User) => json<{ rules: Row[] }>((await user.run(['rules', 'list', '--json'])).stdout).rules;
const add = async (user: User, ...words: string[]) =>
  expect(await user.run(['rules', 'add', ...words])).toMatchObject({ code: 0, stderr: '' });

function configured(user: User, text: string): string {
  const file = join(user.folder, 'sallyport.yaml');
  writeFileSync(file, text);
  return file;
}

describe('rules of the store', { timeout: 90_000 }, () => {
  test('as the documents tell it', async () => {
    const user = newUser();
    const lines = [...readText('docs/rules.md').matchAll(/^cmd\/sallyport (rules .+)$/gm)].map(([, line]) => line!);
    expect(lines.length).toBeGreaterThan(9);
    for (const line of lines) {
      const words = line.split(' ').map((one) => one.replaceAll("'", ''));
      expect([line, await user.run(words)]).toMatchObject([line, { code: 0, stderr: '' }]);
    }
  });

  test('a list makes nothing; those of the file decide first, and each says where it stands', async () => {
    const user = newUser();
    const file = configured(user, 'rules:\n  - {id: free-here, kinds: [email], hosts: [api.anthropic.com], action: off}\n');
    const words = ['--config', file];
    expect((await user.run(['rules', 'list', ...words])).stdout).toBe(`1  free-here  off  email  api.anthropic.com  ${file}:2\n`);
    expect(existsSync(user.home)).toBe(false);
    expect((await user.run(['rules', 'list'])).stdout).toMatch(/^no rules yet; \S+ rules add --help/);
    await add(user, '--id', 'no-mail', '--kinds', 'email,phone', '--action', 'block', ...words);
    await add(
      user,
      'ticket',
      '--pattern',
      'ACME-\\d+',
      '--word',
      'TICKET',
      '--action',
      'mask',
      '--providers',
      'openai',
      '--first',
      ...words,
    );
    expect((await user.run(['rules', 'list', ...words])).stdout.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['1', 'free-here', 'off', 'email', 'api.anthropic.com', `${file}:2`],
      ['2', 'ticket', 'mask', 'what matches ACME-\\d+, as TICKET', 'openai', 'store'],
      ['3', 'no-mail', 'block', 'email, phone', 'everywhere', 'store'],
      [''],
    ]);
    expect(statSync(join(user.home, 'sallyport.db')).mode & 0o777).toBe(0o600);
  });

  test('edit, disable, enable, move and remove; a program gets what was there before and after', async () => {
    const user = newUser();
    await add(user, '--id', 'a', '--kinds', 'email', '--hosts', 'x.example.com', '--action', 'block');
    await add(user, '--id', 'b', '--action', 'warn');
    const edited = await user.run(['rules', 'edit', 'a', '--action', 'warn', '--without', 'hosts', '--json']);
    expect(json(edited.stdout)).toEqual({
      action: 'rules edit',
      subject: 'a',
      before: [{ id: 'a', position: 1, enabled: true, kinds: ['email'], hosts: ['x.example.com'], action: 'block' }],
      after: [{ id: 'a', position: 1, enabled: true, kinds: ['email'], action: 'warn' }],
    });
    expect(await user.run(['rules', 'disable', 'a', 'b'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^disabled «a».*\ndisabled «b»/),
    });
    expect((await user.run(['rules', 'list'])).stdout).toContain('store, disabled');
    expect((await user.run(['rules', 'enable', 'b'])).stdout).toBe('enabled «b»: warn all that is found; number 2 in the store\n');
    expect((await user.run(['rules', 'move', 'b', '--before', 'a'])).stdout).toContain('number 1 in the store');
    expect((await list(user)).map(({ id, enabled }) => [id, enabled])).toEqual([
      ['b', true],
      ['a', false],
    ]);
    expect((await user.run(['rules', 'remove', 'b'])).stdout).toContain('removed «b»');
    expect((await list(user)).map(({ id }) => id)).toEqual(['a']);
  });

  test.each([
    [['add', '--id', 'x', '--kinds', 'emial', '--action', 'block'], 2, '--kinds: there is no kind «emial» (did you mean «email»?)'],
    [
      ['add', '--id', 'x', '--detectors', 'gihtub', '--action', 'off'],
      2,
      '--detectors: there is no detector «gihtub» (did you mean «github»?)',
    ],
    [
      ['add', '--id', 'x', '--providers', 'opnai', '--action', 'off'],
      2,
      '--providers: there is no provider «opnai» (did you mean «openai»?)',
    ],
    [['add', '--id', 'x', '--action', 'blok'], 2, '--action takes mask, redact, warn, block, off (did you mean «block»?)'],
    [['add', '--id', 'x', '--hosts', 'a b', '--action', 'off'], 2, '--hosts: «a b» is not a host pattern'],
    [['add', '--id', 'x', '--pattern', '(', '--action', 'off'], 2, '--pattern: not a pattern: '],
    [
      ['add', '--id', 'x', '--pattern', 'y', '--kinds', 'email', '--action', 'off'],
      2,
      'the rule «x» has a pattern, so it takes neither kinds',
    ],
    [['add', '--id', 'x', '--kinds', 'email'], 2, '--action is missing'],
    [['add', '--kinds', 'email', '--action', 'off'], 2, '--id is missing'],
    [['add', 'x', 'y', '--action', 'off'], 2, 'add takes one id: --id NAME'],
    [['add', '--id', 'email', '--action', 'off'], 2, '--id: the name of a kind is no id'],
    [['add', '--id', 'no-mail', '--action', 'off'], 1, 'there is a rule «no-mail» in the store already'],
    [['add', '--id', 'mine', '--action', 'off'], 1, 'two rules would have the id «mine»: one in '],
    [['add', '--id', 'x', '--action', 'off', '--after', 'no-mial'], 1, 'there is no rule «no-mial» in the store (did you mean «no-mail»?)'],
    [['edit', 'no-mail'], 2, 'edit «no-mail» to what?'],
    [
      ['edit', 'no-mail', '--without', 'host'],
      2,
      '--without takes kinds, detectors, pattern, word, hosts, providers, not «host» (did you mean «hosts»?)',
    ],
    [['edit', '--action', 'off'], 2, 'edit takes the id of one rule'],
    [['edit', 'nomial', '--action', 'off'], 1, 'there is no rule «nomial» in the store (did you mean «no-mail»?)'],
    [['edit', 'mine', '--action', 'off'], 1, 'the rule «mine» stands in '],
    [['edit', 'no-mail', '--word', 'X', '--action', 'off'], 2, '--word: a word is 2 to 10 capital letters'],
    [['remove'], 2, 'remove which rule?'],
    [['remove', 'zzz'], 1, 'there is no rule «zzz» in the store'],
    [['move', 'no-mail'], 2, 'move «no-mail» where?'],
    [['move', 'no-mail', '--first', '--last'], 2, 'a rule goes to one place'],
    [['move', 'no-mail', '--after', 'no-mail'], 1, 'cannot stand before or after itself'],
    [['list', '--id', 'x'], 2, '--id belongs to rules add, not to list'],
    [['export', 'a', 'b'], 2, 'export takes one file'],
    [['export', '/nowhere/rules.yaml'], 1, '/nowhere/rules.yaml cannot be written (ENOENT)'],
    [['import'], 2, 'import which file?'],
    [['import', 'missing.yaml'], 2, 'missing.yaml cannot be read: it is not there'],
    [['rmove'], 2, '(did you mean «remove»?)'],
  ] as const)('%j: one line, exit code %i, nothing changed', async (words, code, line) => {
    const user = newUser();
    const file = configured(user, 'rules: [{id: mine, action: warn}]\n');
    await add(user, '--id', 'no-mail', '--kinds', 'email', '--action', 'block');
    const ran = await user.run(['rules', ...words, '--config', file]);
    expect(ran).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(line) });
    expect(ran.stderr).toMatch(/^sallyport: [^\n]+\n$/);
    expect(await list(user)).toMatchObject([{ id: 'no-mail', action: 'block', enabled: true }]);
  });

  test('exported, imported in another home and exported again: the same bytes', async () => {
    const [one, other] = [newUser(), newUser()];
    await add(one, '--id', 'ticket', '--pattern', 'ACME-\\d+', '--word', 'TICKET', '--action', 'mask');
    await add(one, '--id', 'no-mail', '--kinds', 'email', '--hosts', '*.example.com', '--action', 'block');
    await one.run(['rules', 'disable', 'no-mail']);
    const file = join(one.folder, 'rules.yaml');
    expect((await one.run(['rules', 'export', file])).stdout).toBe(`2 rules in ${file}\n`);
    const text = readFileSync(file, 'utf8');
    expect(text).toMatch(/^# [^\n]+\n\nversion: 1\nrules:\n {2}- id: ticket\n/);
    expect((await other.run(['rules', 'import', file])).stdout).toBe(`took 2 rules from ${file}\n`);
    expect((await other.run(['rules', 'export'])).stdout).toBe(text);
    expect(await other.run(['rules', 'import', file])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('«ticket» in the store already'),
    });
    await add(other, '--id', 'more', '--action', 'warn');
    expect((await other.run(['rules', 'import', '-', '--replace'], { input: text })).code).toBe(0);
    expect((await other.run(['rules', 'export'])).stdout).toBe(text);
    const changes = (await other.run(['audit', 'list'])).stdout;
    for (const change of [`rules import ${file}`, 'rules add more', 'rules import -']) expect(changes).toContain(change);
  });

  test.each([
    ['', 'version must be 1, and it is missing'],
    ['version: 2\nrules: []\n', ':1: version must be 1, not 2'],
    ['version: 1\nrules: x\n', ':2: rules must be a list'],
    ['version: 1\nrule: []\n', ':2: unknown key «rule» (did you mean «rules»?)'],
    [
      'version: 1\nrules:\n- {id: a, action: off}\n- {id: b, kinds: [emial], action: off}\n',
      ':4: rules[1].kinds: there is no kind «emial»',
    ],
    ['version: 1\nrules:\n- {id: a, action: off, enabled: perhaps}\n', ':3: rules[0].enabled: must be true or false'],
    ['version: 1\nrules:\n- x\n', ':3: rules[0]: a rule must be keys and values'],
    ['version: 1\nrules:\n- {id: a, action: off}\n- {id: a, action: off}\n', 'two rules have the id «a»'],
    ['- {id: a, action: off}\n', ':1: the file must hold keys and values, such as version: 1'],
    ['version: 1\nrules: [\n', 'rules.yaml:'],
  ])('a file %j: where it is wrong, exit code 2, and nothing of it is taken', async (text, line) => {
    const user = newUser();
    writeFileSync(join(user.folder, 'rules.yaml'), text);
    const ran = await user.run(['rules', 'import', 'rules.yaml', '--replace']);
    expect(ran).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(line) });
    expect(ran.stderr).toMatch(/^sallyport: [^\n]+\n$/);
    expect(existsSync(user.home)).toBe(false);
  });

  test('a row that cannot be read is listed with why, can be put right, and is not exported', async () => {
    const user = newUser();
    await add(user, '--id', 'faces', '--kinds', 'email', '--action', 'block');
    const store = openStore({ path: join(user.home, 'sallyport.db') });
    store.db.prepare(`UPDATE rules SET rule = '{"kinds":["faces"],"action":"block"}'`).run();
    store.close();
    const checks = async () =>
      json<{ findings: { check: string }[] }>((await user.run(['doctor', '--quick', '--json', ...FREE])).stdout).findings;
    expect(await checks()).toContainEqual(
      expect.objectContaining({ check: 'rules', state: 'fail', text: expect.stringContaining('«faces»') }),
    );
    expect(await list(user)).toMatchObject([{ id: 'faces', trouble: 'kinds: there is no kind «faces»' }]);
    expect((await user.run(['rules', 'list'])).stdout).toContain('store, cannot be read: kinds: there is no kind «faces»');
    expect(await user.run(['rules', 'export'])).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('cannot be exported'),
    });
    expect(await user.run(['rules', 'edit', 'faces', '--kinds', 'email'])).toMatchObject({ code: 0 });
    expect(await list(user)).toMatchObject([{ id: 'faces', kinds: ['email'], action: 'block' }]);
    expect(await checks()).toContainEqual({ id: 'rules', check: 'rules', state: 'ok', text: '0 in the configuration, 1 in the store' });
  });
});
