// What a credential becomes: a rule for each of its hosts and places.
import { expect, test } from 'vitest';
import { type Credential, isCredentialName, rulesOf } from '../../../src/rules/credential.ts';

const credential: Credential = {
  name: 'work',
  hosts: ['a.test', 'b.test'],
  slots: [
    { kind: 'header', name: 'authorization' },
    { kind: 'query', name: 'key' },
    { kind: 'json', path: ['auth', 'key'] },
    { kind: 'sigv4' },
  ],
  methods: ['POST'],
  paths: ['/v1/*'],
  placeholder: 'P',
  variable: 'KEY',
  expiresAtMs: undefined,
  reference: undefined,
  note: '',
};

test('a rule for each host and place', () => {
  const rules = rulesOf(credential);
  expect(rules.map(({ host, header, query, json, sigv4 }) => [host, header ?? query ?? json ?? sigv4])).toEqual([
    ['a.test', 'authorization'],
    ['a.test', 'key'],
    ['a.test', ['auth', 'key']],
    ['a.test', true],
    ['b.test', 'authorization'],
    ['b.test', 'key'],
    ['b.test', ['auth', 'key']],
    ['b.test', true],
  ]);
  const of = ['$', '{credential:work}'].join('');
  for (const rule of rules) expect(rule).toMatchObject({ value: of, replaces: 'P', entry: 'work', methods: ['POST'], paths: ['/v1/*'] });
});

test.each([
  ['work', true],
  ['a.b_c-1', true],
  ['', false],
  ['Work', false],
  ['a b', false],
  ['-a', false],
  ['a'.repeat(65), false],
])('«%s» is a name: %s', (name, yes) => {
  expect(isCredentialName(name)).toBe(yes);
});
