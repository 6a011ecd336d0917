// 1Password, through its own command.
import { expect, test } from 'vitest';
import { recorder, testResolver } from '../../../../support/references.ts';

const VALUE = 'sk-value-0123456789';

test.each([
  ['op:Private/OpenAI key/credential', 'op://Private/OpenAI key/credential'],
  ['op://Private/OpenAI/credential', 'op://Private/OpenAI/credential'],
  ['op:Private/OpenAI/api/credential', 'op://Private/OpenAI/api/credential'],
])('%s', async (reference, asked) => {
  const op = recorder('op', `process.stdout.write('${VALUE}');`);
  const resolver = testResolver({ environment: { PATH: op.folder, OP_SERVICE_ACCOUNT_TOKEN: 'ops_x' } });
  expect(await resolver.resolve(reference)).toBe(VALUE);
  expect(op.calls().map(({ argv }) => argv)).toEqual([['read', '--no-newline', asked]]);
  expect(op.calls()[0]?.env.OP_SERVICE_ACCOUNT_TOKEN).toBe('ops_x');
});

test('nobody is signed in, or the command is missing', async () => {
  const op = recorder('op', `console.error('not signed in'); process.exitCode = 1;`);
  expect(await testResolver({ environment: { PATH: op.folder } }).trouble('op:a/b/c')).toBe(
    'op:a/b/c: op ended with exit code 1; run it in a terminal to see why',
  );
  expect(await testResolver({ environment: { PATH: '/nonexistent' } }).trouble('op:a/b/c')).toBe(
    'op:a/b/c: the program op was not found: install the 1Password CLI',
  );
});

test.each(['op:', 'op:a/b', 'op:a//c', 'op:///a/b', 'op:a/b/c/d/e', 'op:a/b/c/'])('%j is none', (reference) => {
  expect(() => testResolver().check(reference)).toThrow('op:VAULT/ITEM/FIELD');
});
