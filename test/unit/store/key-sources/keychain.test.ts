// The keychain of each system, spoken to through programs that record how they were called: no key stands on a command line.
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { keychainOf } from '../../../../src/store/key-sources/keychain.ts';
import { scratchFolder } from '../../../support/folder.ts';

/** Keeps one value in a file, and writes down arguments and environment of each call. */
const RECORDER = `#!/bin/sh
echo "$0 $*" >> "$HOME/calls"
env >> "$HOME/environment"
case "$1" in
  store) cat > "$HOME/kept" ;;
  -i) sed -n 's/.* -w \\([0-9a-f]*\\)$/\\1/p' > "$HOME/kept" ;;
  lookup|find-generic-password) cat "$HOME/kept" ;;
  clear|delete-generic-password) rm "$HOME/kept" ;;
esac
`;

function system(program = RECORDER) {
  const folder = scratchFolder();
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  for (const name of ['security', 'secret-tool']) {
    writeFileSync(join(bin, name), program);
    chmodSync(join(bin, name), 0o755);
  }
  const environment = { PATH: `${bin}:/usr/bin:/bin`, HOME: folder, SALLYPORT_PASSPHRASE: 'not for others', OPENAI_API_KEY: 'nor this' };
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  return { folder, around: { home: folder, environment }, read };
}

describe.each([
  [
    'linux',
    'secret-tool',
    ['store --label=Sallyport service sallyport id ID', 'lookup service sallyport id ID', 'clear service sallyport id ID'],
  ],
  ['darwin', 'security', ['-i', 'find-generic-password -a ID -s sallyport -w', 'delete-generic-password -a ID -s sallyport']],
])('the keychain of %s', (platform, tool, calls) => {
  const keychain = keychainOf(platform);

  test('keeps a key, gives it again and forgets it; the key stands in no argument, and the tool sees no key of the user', async () => {
    const { folder, around, read } = system();
    const { key, facts } = await keychain.begin(around);
    expect(key).toHaveLength(32);
    expect(facts).toMatch(/^[0-9a-f]{16}$/);
    expect(read('kept').trim()).toBe(key.toString('hex'));
    expect((await keychain.find(around, facts)).equals(key)).toBe(true);
    await keychain.forget!(around, facts);
    expect(existsSync(join(folder, 'kept'))).toBe(false);
    const [store, lookup, clear] = calls.map((call) => `${join(folder, 'bin', tool)} ${call.replace('ID', facts)}`);
    expect(read('calls').trim().split('\n')).toEqual([store, lookup, lookup, clear]);
    expect(read('environment')).not.toMatch(/not for others|nor this/);
  });

  test('two homes have two keys', async () => {
    const { around } = system();
    expect((await keychain.begin(around)).facts).not.toBe((await keychain.begin(around)).facts);
  });

  test('that has lost it, keeps another or nothing, or is not there: one line', async () => {
    const { folder, around } = system();
    const { facts } = await keychain.begin(around);
    rmSync(join(folder, 'kept'));
    await expect(keychain.find(around, facts)).rejects.toThrow(`its key is not in the keychain (${tool} `);
    await expect(keychain.find(around, 'x')).rejects.toThrow('does not say which key of the keychain');
    await expect(keychain.begin(system('#!/bin/sh\nexit 1\n').around)).rejects.toThrow(`the keychain cannot be used (${tool} failed)`);
    await expect(keychain.forget!(system('#!/bin/sh\nexit 1\n').around, facts)).rejects.toThrow('could not be taken out');
    await expect(keychain.begin(system('#!/bin/sh\n').around)).rejects.toThrow('its key is not in the keychain');
    await expect(keychain.begin(system(`#!/bin/sh\necho ${'ab'.repeat(32)}\n`).around)).rejects.toThrow('did not keep what it was given');
    const none = { home: '/', environment: { PATH: '/nonexistent' } };
    await expect(keychain.begin(none)).rejects.toThrow(`${tool} is not there`);
    expect(keychain.isSetUp(none)).toBe(false);
    expect(keychain.wrong(none)).toContain('is not the one that it was sealed with');
  });
});
