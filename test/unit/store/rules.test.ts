// The table of rules: what is written is read again in its order, a change is whole or none, and what cannot be read never weakens the rest.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { RULE_GRAMMAR } from '../../../cmd/settings.ts';
import { RuleError } from '../../../src/rule-schema.ts';
import { openStore } from '../../../src/store/open.ts';
import { openRules, rulesInForce } from '../../../src/store/rules.ts';
import { StoreError } from '../../../src/store/store-error.ts';
import { scratchFolder } from '../../support/folder.ts';

function setUp(path = join(scratchFolder(), 's.db')) {
  const store = openStore({ path });
  onTestFinished(() => store.close());
  let clock = 1000;
  const rules = openRules(store, RULE_GRAMMAR, () => ++clock);
  const ids = () => rules.all().map(({ id }) => id);
  const damage = (id: string, text: string) => store.db.prepare('UPDATE rules SET rule = ? WHERE id = ?').run(text, id);
  return { path, store, rules, ids, damage };
}

const off = (id: string) => ({ id, action: 'off' }) as const;

describe('rules in the store', () => {
  test('are read as they were written, in the order of their places', () => {
    const { rules, ids } = setUp();
    const full = {
      id: 'full',
      kinds: ['email'],
      detectors: ['github'],
      hosts: ['*.example.com'],
      providers: ['openai'],
      action: 'mask',
    } as const;
    rules.add({ ...full, kinds: ['email'], detectors: ['github'], hosts: ['*.example.com'], providers: ['openai'] }, 'last');
    rules.add({ id: 'ticket', pattern: 'ACME-\\d+', word: 'TICKET', action: 'redact' }, 'first');
    rules.add(off('middle'), { after: 'ticket' });
    rules.add(off('early'), { before: 'middle' });
    expect(ids()).toEqual(['ticket', 'early', 'middle', 'full']);
    expect(rules.all().at(-1)).toEqual({
      id: 'full',
      enabled: true,
      rule: full,
      trouble: undefined,
      mayHold: true,
      createdAtMs: 1001,
      changedAtMs: 1001,
    });
  });

  test('move among themselves', () => {
    const { rules, ids } = setUp();
    for (const id of ['a', 'b', 'c']) rules.add(off(id), 'last');
    rules.move('c', 'first');
    expect(ids()).toEqual(['c', 'a', 'b']);
    rules.move('c', { after: 'a' });
    expect(ids()).toEqual(['a', 'c', 'b']);
    rules.move('a', 'last');
    expect(ids()).toEqual(['c', 'b', 'a']);
    expect(() => rules.move('a', { before: 'a' })).toThrow('«a» cannot stand before or after itself');
    expect(() => rules.move('a', { before: 'd' })).toThrow('there is no rule «d» in the store');
  });

  test('are edited, switched and removed by their id; another id is named with the nearest', () => {
    const { rules } = setUp();
    rules.add({ id: 'mails', kinds: ['email'], action: 'warn' }, 'last');
    rules.edit('mails', (members) => ({ ...members, action: 'block' }));
    expect(rules.all()[0]).toMatchObject({
      rule: { id: 'mails', kinds: ['email'], action: 'block' },
      createdAtMs: 1001,
      changedAtMs: 1002,
    });
    expect(() => rules.edit('mails', (members) => ({ ...members, kinds: ['emial'] }))).toThrow(RuleError);
    rules.enable(['mails'], false);
    expect(rules.all()[0]).toMatchObject({ enabled: false, rule: { action: 'block' } });
    for (const change of [
      () => rules.edit('mail', (members) => members),
      () => rules.remove(['mail']),
      () => rules.enable(['mail'], true),
      () => rules.move('mail', 'last'),
    ])
      expect(change).toThrow(new StoreError('there is no rule «mail» in the store (did you mean «mails»?)'));
    expect(() => rules.add(off('mails'), 'last')).toThrow('there is a rule «mails» in the store already');
    rules.remove(['mails']);
    expect(rules.all()).toEqual([]);
  });

  test('a change that fails in its midst changes nothing', () => {
    const { rules, ids } = setUp();
    for (const id of ['a', 'b']) rules.add(off(id), 'last');
    const entries = [
      { rule: off('c'), enabled: true },
      { rule: off('a'), enabled: true },
    ];
    expect(() => rules.take(entries, { replace: false })).toThrow('there is a rule «a»');
    expect(() => rules.remove(['a', 'x'])).toThrow('no rule «x»');
    expect(() => rules.enable(['a', 'x'], false)).toThrow('no rule «x»');
    expect(rules.all().map(({ id, enabled }) => [id, enabled])).toEqual([
      ['a', true],
      ['b', true],
    ]);
    rules.take(entries, { replace: true });
    expect(ids()).toEqual(['c', 'a']);
    rules.take([{ rule: off('d'), enabled: false }], { replace: false });
    expect(rules.all().at(-1)).toMatchObject({ id: 'd', enabled: false });
  });

  test('a process that is killed in the midst of taking others loses none', () => {
    const { path, rules, ids } = setUp();
    for (const id of ['a', 'b']) rules.add(off(id), 'last');
    const script = `
      import { RULE_GRAMMAR } from './cmd/settings.ts';
      import { openStore } from './src/store/open.ts';
      import { openRules } from './src/store/rules.ts';
      function* entries() {
        for (let i = 0; i < 50; i++) yield { rule: { id: 'new-' + i, action: 'off' }, enabled: true };
        process.kill(process.pid, 'SIGKILL');
      }
      openRules(openStore({ path: process.argv[1] }), RULE_GRAMMAR, Date.now).take(entries(), { replace: true });`;
    const run = () =>
      execFileSync(process.execPath, ['--input-type=module', '-e', script, path], {
        cwd: join(import.meta.dirname, '../../..'),
        stdio: 'pipe',
      });
    expect(run).toThrow(expect.objectContaining({ signal: 'SIGKILL' }));
    expect(ids()).toEqual(['a', 'b']);
    rules.add(off('c'), 'last');
    expect(ids()).toEqual(['a', 'b', 'c']);
  });
});

describe('a row that cannot be read', () => {
  test('is named, and the others hold, where it only lets values pass', () => {
    const { rules, damage } = setUp();
    for (const id of ['a', 'b']) rules.add({ id, kinds: ['email'], action: 'mask' }, 'last');
    damage('a', '{"kinds":["faces"],"action":"warn"}');
    const { rules: left, unread } = rulesInForce(rules.all());
    expect(left.map(({ id }) => id)).toEqual(['b']);
    expect(unread).toMatchObject([{ id: 'a', trouble: 'kinds: there is no kind «faces»', mayHold: false }]);
  });

  test.each([
    ['{"kinds":["faces"],"action":"block"}', 'kinds: there is no kind «faces»'],
    ['{"action":"hide"}', 'action: there is no action «hide»'],
    ['{"action":"mask","until":"noon"}', 'unknown key «until»'],
    ['{"kinds":[', 'it is not the JSON of a rule'],
    ['"off"', 'it is not the JSON of a rule'],
  ])('%s is refused with what to type, unless it is disabled', (text, why) => {
    const { rules, damage } = setUp();
    rules.add(off('a'), 'last');
    rules.add(off('b'), 'last');
    damage('a', text);
    expect(() => rulesInForce(rules.all())).toThrow(StoreError);
    expect(() => rulesInForce(rules.all())).toThrow(`(${why})`);
    expect(() => rulesInForce(rules.all())).toThrow('sallyport rules disable a');
    rules.enable(['a'], false);
    expect(rulesInForce(rules.all())).toEqual({ rules: [off('b')], unread: [] });
    rules.enable(['a'], true);
    rules.edit('a', () => ({ kinds: ['email'], action: 'mask' }));
    expect(rulesInForce(rules.all()).rules).toHaveLength(2);
  });
});
