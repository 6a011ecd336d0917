import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openTrust, type Trust } from '../../../../src/proxy/egress/trust.ts';
import { issue, type Party } from '../../../support/pki.ts';
import { startTlsOrigin } from '../../../support/tls-origin.ts';

const folder = mkdtempSync(join(tmpdir(), 'trust-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const noCa = () => '';
const one = issue({ name: 'root one', ca: true, as: 'one' });
const two = issue({ name: 'root two', ca: true, as: 'two' });
const trusts = (trust: Trust, party: Party) => trust.rootsNamed(party.certificate.subject).some((c) => c.raw.equals(party.certificate.raw));

describe('openTrust', () => {
  test('holds the bundled roots, the system roots and the files, each once', () => {
    const plain = openTrust({ extraCaFiles: [], ownCa: noCa });
    const files = [file('one.pem', `first some words\n${one.pem}\n${two.pem}`), file('again.pem', one.pem)];
    const more = openTrust({ extraCaFiles: files, ownCa: noCa });
    expect(plain.size).toBeGreaterThan(100);
    expect(plain.size).toBeLessThanOrEqual(new Set([...tls.getCACertificates('bundled'), ...tls.getCACertificates('system')]).size);
    expect(more.size).toBe(plain.size + 2);
    expect([trusts(plain, one), trusts(more, one), trusts(more, two)]).toEqual([false, true, true]);
  });

  test('finds a root by its name, whatever the case and the blanks', () => {
    const trust = openTrust({ extraCaFiles: [file('one.pem', one.pem)], ownCa: noCa });
    expect(trust.rootsNamed('CN=ROOT  One')).toHaveLength(1);
    expect(trust.rootsNamed('CN=root three')).toEqual([]);
  });

  test.each([
    ['missing', join(folder, 'nowhere.pem'), /^The CA file .*nowhere\.pem cannot be read \(ENOENT\)\.$/],
    ['empty', file('empty.pem', ''), /^The CA file .*empty\.pem holds no PEM certificate\.$/],
    ['a key', file('key.pem', one.keyPem), /^The CA file .*key\.pem holds no PEM certificate\.$/],
    [
      'damaged',
      file('damaged.pem', `${one.pem}-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n`),
      /^Certificate 2 in the CA file .*damaged\.pem is malformed\.$/,
    ],
  ])('names a file that is %s', (_what, path, says) => {
    expect(() => openTrust({ extraCaFiles: [path], ownCa: noCa })).toThrow(says);
  });
});

describe('our own CA', () => {
  const own = issue({ name: 'our own', ca: true, as: 'own' });
  const sameKey = issue({ name: 'our own, renewed', ca: true, as: 'own' });

  test('is no root, wherever it is installed, under any certificate of its key', async () => {
    const trust = openTrust({
      extraCaFiles: [file('own.pem', sameKey.pem)],
      ownCa: () => own.pem,
      readSystem: async () => [own.pem, two.pem],
    });
    expect(trusts(trust, sameKey)).toBe(false);
    await trust.reload();
    expect([trusts(trust, own), trusts(trust, two)]).toEqual([false, true]);
    expect([trust.isOwn(sameKey.certificate), trust.isOwn(two.certificate)]).toEqual([true, false]);
  });

  test('counts from the moment it is made', () => {
    let pem = '';
    const trust = openTrust({ extraCaFiles: [file('own.pem', own.pem)], ownCa: () => pem });
    expect([trusts(trust, own), trust.generation]).toEqual([true, 1]);
    pem = `${two.pem}${own.pem}`;
    expect([trusts(trust, own), trust.generation]).toEqual([false, 2]);
    pem = `${own.pem}${two.pem}`;
    expect([trusts(trust, own), trust.generation]).toEqual([false, 2]);
  });
});

describe('reload', () => {
  test('picks up changed files and a changed system store, and says so', async () => {
    const path = file('changing.pem', one.pem);
    let system: string[] = [];
    const trust = openTrust({ extraCaFiles: [path], ownCa: noCa, readSystem: async () => system });
    await trust.reload();
    const before = trust.generation;
    expect(await trust.reload()).toBe(false);
    writeFileSync(path, two.pem);
    expect(await trust.reload()).toBe(true);
    expect([trusts(trust, one), trusts(trust, two), trust.generation]).toEqual([false, true, before + 1]);
    system = [one.pem, 'not a certificate'];
    expect(await trust.reload()).toBe(true);
    expect(trusts(trust, one)).toBe(true);
    system = [];
    expect(await trust.reload()).toBe(true);
    expect(trusts(trust, one)).toBe(false);
  });

  test('that fails changes nothing', async () => {
    const path = file('lost.pem', one.pem);
    let fail = true;
    const readSystem = async () => {
      if (fail) throw new Error('The store is locked.');
      return [two.pem];
    };
    const trust = openTrust({ extraCaFiles: [path], ownCa: noCa, readSystem });
    await expect(trust.reload()).rejects.toThrow('The store is locked.');
    expect([trusts(trust, one), trusts(trust, two), trust.generation]).toEqual([true, false, 1]);
    rmSync(path);
    fail = false;
    await expect(trust.reload()).rejects.toThrow(/lost\.pem cannot be read/);
    expect([trusts(trust, one), trusts(trust, two), trust.generation]).toEqual([true, false, 1]);
    file('lost.pem', one.pem);
    expect(await trust.reload()).toBe(true);
    expect(trusts(trust, two)).toBe(true);
  });

  describe.runIf(process.platform === 'linux')('of the real system store', () => {
    const { SSL_CERT_FILE, SSL_CERT_DIR } = process.env;
    const restore = (name: string, value: string | undefined) => {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    };
    beforeEach(() => {
      mkdirSync(join(folder, 'none'), { recursive: true });
      process.env.SSL_CERT_DIR = join(folder, 'none');
    });
    afterEach(() => {
      restore('SSL_CERT_FILE', SSL_CERT_FILE);
      restore('SSL_CERT_DIR', SSL_CERT_DIR);
    });

    // A process caches its first answer about the system store for good, workers included.
    test('sees what was installed after this process started', async () => {
      const trust = openTrust({ extraCaFiles: [], ownCa: noCa });
      expect(trusts(trust, one)).toBe(false);
      process.env.SSL_CERT_FILE = file('store.pem', one.pem);
      expect(await trust.reload()).toBe(true);
      expect(trusts(trust, one)).toBe(true);
    });
  });
});

test('two trusts in one process keep to their own roots', async () => {
  const leaf = issue({ names: ['a.test'], issuer: one });
  const origin = await startTlsOrigin({ cert: leaf.pem, key: leaf.keyPem });
  const reach = async (secureContext: tls.SecureContext) => {
    const carrier = await origin.connect();
    return new Promise<string>((resolve) => {
      const socket = tls.connect({ socket: carrier, servername: 'a.test', secureContext }, () => resolve('accepted'));
      socket.on('error', (error) => resolve((error as NodeJS.ErrnoException).code ?? ''));
    });
  };
  const first = openTrust({ extraCaFiles: [file('one.pem', one.pem)], ownCa: noCa });
  const second = openTrust({ extraCaFiles: [file('two.pem', two.pem)], ownCa: noCa });
  const make = () => tls.createSecureContext();
  const contexts = [first.withRoots(make), second.withRoots(make), first.withRoots(make)];
  expect(await Promise.all(contexts.map(reach))).toEqual(['accepted', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'accepted']);
  await origin.close();
});
