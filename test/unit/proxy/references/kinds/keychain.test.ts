// The desktop's keychain, through the program that each system has for it.
import { expect, test } from 'vitest';
import { recorder, testResolver } from '../../../../support/references.ts';

const VALUE = 'sk-value-0123456789';

test.each([
  ['darwin', 'security', ['find-generic-password', '-w', '-s', 'open ai/team', '-a', 'ann@example.org']],
  ['linux', 'secret-tool', ['lookup', 'service', 'open ai/team', 'account', 'ann@example.org']],
])('on %s', async (platform, name, argv) => {
  const program = recorder(name, `console.log('${VALUE}');`);
  const resolver = testResolver({ environment: { PATH: program.folder }, platform });
  expect(await resolver.resolve('keychain:open ai/team/ann@example.org')).toBe(VALUE);
  expect(program.calls().map((call) => call.argv)).toEqual([argv]);
});

test('an entry that is not there', async () => {
  const program = recorder('secret-tool', 'process.exitCode = 1;');
  const resolver = testResolver({ environment: { PATH: program.folder }, platform: 'linux' });
  expect(await resolver.trouble('keychain:a/b')).toBe('keychain:a/b: secret-tool ended with exit code 1; run it in a terminal to see why');
});

test('a system without the program', async () => {
  const resolver = testResolver({ environment: { PATH: '/nonexistent' }, platform: 'linux' });
  expect(await resolver.trouble('keychain:a/b')).toBe('keychain:a/b: the program secret-tool was not found: install libsecret-tools');
});

test('there is none on Windows', async () => {
  expect(await testResolver({ platform: 'win32' }).trouble('keychain:a/b')).toContain('use another kind of reference');
});

test.each(['keychain:', 'keychain:a', 'keychain:/a', 'keychain://a', 'keychain:a/', 'keychain:-a/b', 'keychain:a/-b', 'keychain:a//'])(
  '%j is none',
  (reference) => {
    expect(() => testResolver().check(reference)).toThrow('keychain:SERVICE/ACCOUNT');
  },
);
