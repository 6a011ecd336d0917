// The credential of a service: three ways to write 32 bytes, and a line for whatever is none of them.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemd } from '../../../../src/store/key-sources/systemd.ts';
import { scratchFolder } from '../../../support/folder.ts';

const KEY = Buffer.from(Array.from({ length: 32 }, (_, i) => (i * 37 + 200) % 256));

function around(content?: string | Buffer) {
  const folder = scratchFolder();
  if (content !== undefined) writeFileSync(join(folder, 'sallyport-key'), content, { mode: 0o440 });
  return { home: folder, environment: { CREDENTIALS_DIRECTORY: folder } };
}

describe('the systemd credential', () => {
  test.each([
    ['32 bytes', KEY],
    ['hex', KEY.toString('hex')],
    ['hex in capitals with a newline', `${KEY.toString('hex').toUpperCase()}\n`],
    ['base64', KEY.toString('base64')],
    ['base64 with a newline', `${KEY.toString('base64')}\r\n`],
    ['base64url', KEY.toString('base64url')],
  ])('is taken as %s', async (_, content) => {
    const given = around(content);
    expect(systemd.isSetUp(given)).toBe(true);
    expect((await systemd.find(given, '')).equals(KEY)).toBe(true);
    expect(await systemd.begin(given)).toEqual({ key: KEY, facts: '' });
  });

  test.each([
    ['nothing', ''],
    ['31 bytes', KEY.subarray(1)],
    ['33 bytes', Buffer.concat([KEY, KEY.subarray(0, 1)])],
    ['hex of 31 bytes', KEY.toString('hex').slice(2)],
    ['hex with a letter too far', `${KEY.toString('hex').slice(1)}g`],
    ['base64 of 31 bytes', KEY.subarray(1).toString('base64')],
  ])('is refused as %s', async (_, content) => {
    await expect(systemd.find(around(content), '')).rejects.toThrow(
      'the systemd credential sallyport-key is neither 32 bytes nor those in hex or base64',
    );
  });

  test('that is not there, or cannot be read, is no set-up', async () => {
    expect(systemd.isSetUp(around())).toBe(false);
    expect(systemd.isSetUp({ home: '/', environment: {} })).toBe(false);
    await expect(systemd.find({ home: '/', environment: {} }, '')).rejects.toThrow('LoadCredential=sallyport-key:FILE gives one');
    await expect(systemd.find(around(), '')).rejects.toThrow('cannot be read: no such file or folder');
    const folder = around();
    mkdirSync(join(folder.home, 'sallyport-key'));
    await expect(systemd.begin(folder)).rejects.toThrow('cannot be read: it is a folder');
    expect(systemd.wrong(folder)).toContain('is not the key that it was sealed with');
  });
});
