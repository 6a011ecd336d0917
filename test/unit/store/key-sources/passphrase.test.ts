// The passphrase: the same one gives the same key by the salt that was stored, weak ones are refused, and none is ever said.
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { passphrase } from '../../../../src/store/key-sources/passphrase.ts';
import { scratchFolder } from '../../../support/folder.ts';

const GOOD = 'tulip harbour 9 sofa';

const by = (value: string) => ({ home: '/', environment: { SALLYPORT_PASSPHRASE: value } });

function byFile(content: string) {
  const file = join(scratchFolder(), 'p');
  writeFileSync(file, content, { mode: 0o600 });
  return { file, around: { home: '/', environment: { SALLYPORT_PASSPHRASE_FILE: file } } };
}

/** Gives the answers in turn, and remembers what was asked. */
function person(...answers: string[]) {
  const asked: string[] = [];
  const ask = async (question: string) => {
    asked.push(question);
    return answers.shift()!;
  };
  return { asked, around: { home: '/', environment: {}, ask } };
}

describe('a passphrase', { timeout: 60_000 }, () => {
  test('gives the same key again by the salt that was stored, and another one by another salt', async () => {
    const { key, facts } = await passphrase.begin(by(GOOD));
    expect(key).toHaveLength(32);
    expect(facts).toMatch(/^scrypt:131072:8:1:[\w-]{22}$/);
    expect((await passphrase.find(by(GOOD), facts)).equals(key)).toBe(true);
    expect((await passphrase.find(by(`${GOOD}!`), facts)).equals(key)).toBe(false);
    expect((await passphrase.begin(by(GOOD))).key.equals(key)).toBe(false);
  });

  test('is read from a private file, less its newline, however its accents are composed', async () => {
    const { key, facts } = await passphrase.begin(by('cr\u00e8me br\u00fbl\u00e9e 17'));
    for (const content of ['cr\u00e8me br\u00fbl\u00e9e 17\n', 'cre\u0300me bru\u0302le\u0301e 17\r\n'])
      expect((await passphrase.find(byFile(content).around, facts)).equals(key)).toBe(true);
  });

  test('is asked for, twice when it is chosen', async () => {
    const chosen = person(GOOD, GOOD);
    const { key, facts } = await passphrase.begin(chosen.around);
    expect(chosen.asked).toHaveLength(2);
    const again = person(GOOD);
    expect((await passphrase.find(again.around, facts)).equals(key)).toBe(true);
    expect(again.asked).toEqual(['Passphrase of the vault: ']);
    await expect(passphrase.begin(person(GOOD, 'tulip harbour 8 sofa').around)).rejects.toThrow('these were two passphrases');
  });

  test('that is weak is refused before it is asked for again', async () => {
    const chosen = person('changeme');
    await expect(passphrase.begin(chosen.around)).rejects.toThrow('the passphrase is one of those that everybody tries');
    expect(chosen.asked).toHaveLength(1);
    await expect(passphrase.begin(by('short one'))).rejects.toThrow('too short');
  });

  test('that is missing, in a file others can read, or without its salt: a line that does not say it', async () => {
    const { facts } = await passphrase.begin(by(GOOD));
    const nobody = { home: '/', environment: {} };
    expect(passphrase.isSetUp(nobody)).toBe(false);
    expect(passphrase.isSetUp(by(GOOD))).toBe(true);
    expect(passphrase.isSetUp(byFile(GOOD).around)).toBe(true);
    await expect(passphrase.find(nobody, facts)).rejects.toThrow('its passphrase is missing: set SALLYPORT_PASSPHRASE_FILE');
    await expect(passphrase.begin(nobody)).rejects.toThrow('a passphrase is to be given');
    for (const spoilt of ['', facts.replace('131072', '2'), facts.slice(0, -2)])
      await expect(passphrase.find(by(GOOD), spoilt)).rejects.toThrow('does not say how its passphrase becomes a key');
    const { file, around } = byFile(GOOD);
    chmodSync(file, 0o644);
    await expect(passphrase.find(around, facts)).rejects.toThrow(`${file} can be read by others: chmod 600`);
    const gone = { home: '/', environment: { SALLYPORT_PASSPHRASE_FILE: '/nonexistent/p' } };
    await expect(passphrase.find(gone, facts)).rejects.toThrow('SALLYPORT_PASSPHRASE_FILE (/nonexistent/p) cannot be read: no such file');
    expect(passphrase.wrong(nobody)).toBe('the passphrase is not the one that it was sealed with');
  });
});
