// The key of the CA at rest: sealed where that can be done, taken over where it was not, and never opened by guessing.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseAuthority } from '../../../src/authority.ts';
import { openCertAuthority } from '../../../src/cert/authority.ts';
import { CertFault } from '../../../src/cert/cert-fault.ts';
import { type KeySeal, UNSEALED } from '../../../src/cert/key-seal.ts';
import { scratchFolder } from '../../support/folder.ts';

const DAY_MS = 86_400_000;

/** Turns bytes round, and opens nothing that another one has closed. */
function seal(name: string): KeySeal {
  const start = `enc:v2:${name}:`;
  return {
    seal: (pem) => start + Buffer.from(pem).reverse().toString('base64url'),
    open: (text) => {
      if (!text.startsWith(start)) throw new Error('another one has closed it');
      return Buffer.from(text.slice(start.length), 'base64url').reverse().toString();
    },
  };
}

const locked: KeySeal = {
  seal: undefined,
  open: () => {
    throw new Error('the vault is locked');
  },
};

async function open(home: string, by?: KeySeal, hosts: readonly string[] = ['api.example.test'], now: () => number = Date.now) {
  const ca = await openCertAuthority({ home, hosts, now, ...(by && { seal: by }) });
  onTestFinished(() => ca.close());
  return ca;
}

const keyIn = (home: string) => readFileSync(join(home, 'ca.key'), 'utf8');

describe('the key of a CA', () => {
  test('is sealed from its first moment, and opens again', async () => {
    const home = join(scratchFolder(), 'home');
    const first = await open(home, seal('a'));
    expect(keyIn(home)).toMatch(/^enc:v2:a:[\w-]+\n$/);
    expect(statSync(join(home, 'ca.key')).mode & 0o777).toBe(0o600);
    expect((await open(home, seal('a'))).fingerprint256).toBe(first.fingerprint256);
  });

  test('that is plain is taken over, with no plain copy left', async () => {
    const home = scratchFolder();
    const first = await open(home);
    expect(keyIn(home)).toContain('PRIVATE KEY');
    expect((await open(home, locked)).fingerprint256).toBe(first.fingerprint256);
    expect(keyIn(home)).toContain('PRIVATE KEY');
    expect((await open(home, seal('a'))).fingerprint256).toBe(first.fingerprint256);
    expect(readdirSync(home).sort()).toEqual(['ca.key', 'ca.pem']);
    for (const name of readdirSync(home)) expect(readFileSync(join(home, name), 'utf8')).not.toContain('PRIVATE KEY');
    expect(statSync(join(home, 'ca.key')).mode & 0o777).toBe(0o600);
  });

  test('stays sealed when the certificate is renewed, and when another list of hosts makes a new one', async () => {
    const home = scratchFolder();
    const first = await open(home, seal('a'));
    const renewed = await open(home, seal('a'), undefined, () => Date.now() + 350 * DAY_MS);
    expect(renewed.fingerprint256).not.toBe(first.fingerprint256);
    await open(home, seal('a'), ['other.example.test']);
    expect(keyIn(home)).toMatch(/^enc:v2:a:/);
  });

  test.each([
    ['locked', locked, 'the vault is locked'],
    ['another', seal('b'), 'another one has closed it'],
    ['none', UNSEALED, 'it is sealed, and there is nothing to open it with'],
  ])('does not open by a seal that is %s, and nothing is made in its place', async (_, by, why) => {
    const home = scratchFolder();
    await open(home, seal('a'));
    const before = keyIn(home);
    await expect(open(home, by)).rejects.toThrow(new CertFault(`${join(home, 'ca.key')} does not open: ${why}`));
    expect(keyIn(home)).toBe(before);
  });

  // `start` ended where the vault was locked, and with it went everything that needs no CA.
  test('may be locked: then its certificates are told, no leaf is issued, and nothing is changed', async () => {
    const home = scratchFolder();
    const first = await open(home, seal('a'));
    const before = keyIn(home);
    const ca = await openCertAuthority({ home, hosts: ['api.example.test'], now: Date.now, seal: locked, mayBeLocked: true });
    expect([ca.isLocked, first.isLocked]).toEqual([true, false]);
    const told = ({ pem, caPath, expiresAtMs, fingerprint256, subject }: typeof ca) => [pem, caPath, expiresAtMs, fingerprint256, subject];
    expect(told(ca)).toEqual(told(first));
    const host = parseAuthority('api.example.test:443');
    expect([ca.covers(host), ca.covers(parseAuthority('other.test:443'))]).toEqual([true, false]);
    await expect(ca.leafFor(host)).rejects.toMatchObject({ code: 'vault-locked' });
    await ca.close();
    expect(keyIn(home)).toBe(before);
    await expect(openCertAuthority({ home, hosts: [], now: Date.now, seal: seal('b'), mayBeLocked: true })).rejects.toThrow(
      'does not open',
    );
  });

  test('is made, and read, where it may be locked and is not', async () => {
    const home = join(scratchFolder(), 'home');
    const options = { home, hosts: ['api.example.test'], now: Date.now, seal: locked, mayBeLocked: true } as const;
    for (let i = 0; i < 2; i++) {
      const ca = await openCertAuthority(options);
      expect(ca.isLocked).toBe(false);
      await ca.close();
    }
  });

  test('that another process has replaced meanwhile is left alone', async () => {
    const home = scratchFolder();
    await open(home);
    const other = scratchFolder();
    await open(other);
    const swapping: KeySeal = {
      ...seal('a'),
      seal: (pem) => {
        for (const name of ['ca.key', 'ca.pem']) writeFileSync(join(home, name), readFileSync(join(other, name)));
        return seal('a').seal!(pem);
      },
    };
    await open(home, swapping);
    expect(keyIn(home)).toBe(keyIn(other));
    expect(readdirSync(home).sort()).toEqual(['ca.key', 'ca.pem']);
  });
});
