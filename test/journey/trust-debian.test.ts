// For real, on Debian: the CA in the system's store, in Java's and in Chromium's, read back by every client there is, and gone again
// without a trace. All of it in a private copy of the system's folders.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { canBePrivate, runInPrivateSystem } from '../support/private-system.ts';
import type { Seen } from './scenes/trust-debian.ts';

const isDebian = canBePrivate && existsSync('/etc/debian_version') && existsSync('/usr/sbin/update-ca-certificates');

describe.runIf(isDebian)('on Debian', () => {
  let seen: Seen;
  beforeAll(async () => {
    seen = await runInPrivateSystem<Seen>(join(import.meta.dirname, 'scenes/trust-debian.ts'), [], 240_000);
  }, 240_000);

  test('no client trusts the CA before, each does after ca install, and none after uninstall', () => {
    const all = (answer: boolean) => Object.fromEntries(Object.keys(seen.before).map((name) => [name, answer]));
    expect(Object.keys(seen.before)).toEqual(expect.arrayContaining(['curl', 'openssl', 'git', 'python3', 'node']));
    expect(seen.before).toEqual(all(false));
    expect(seen.during).toEqual(all(true));
    expect(seen.after).toEqual(all(false));
  });

  test('the tree is what it was, byte by byte, and the database of Chromium lists what it listed', () => {
    expect(seen.changed).toEqual([]);
    expect(seen.nss.after).toBe(seen.nss.before);
    if (seen.nss.before !== '') expect(seen.nss.during).toMatch(/sallyport-[0-9a-f]{16}\s+C,,/);
  });

  test('install says what it did, the second time that all is there; status that it is current', () => {
    expect(seen.install).toMatchObject({ code: 0, stdout: expect.stringContaining('debian: installed: /usr/local/share/ca-certificates') });
    expect(seen.again).toMatchObject({ code: 0, stdout: expect.stringContaining('debian: already there') });
    expect(seen.again.stdout).not.toMatch(/: installed/);
    expect(seen.status.code).toBe(0);
    const stores = (JSON.parse(seen.status.stdout) as { stores: { store: string }[] }).stores;
    expect(stores[0]).toEqual({ store: 'debian', at: '/usr/local/share/ca-certificates', state: 'current', installed: true });
  });

  test('the anchor is readable by all, and no private key leaves the home', () => {
    expect(seen.anchorMode).toBe('100644');
    expect(seen.holdsPrivateKey).toBe(false);
  });

  test('uninstall stops the daemon too; the second time there is nothing to do', () => {
    expect(JSON.parse(seen.uninstall.stdout)).toMatchObject({ stopped: true, purged: false, left: [], trouble: [] });
    expect(seen.twice).toMatchObject({ code: 0, stdout: expect.stringContaining('nothing of this system is changed by Sallyport') });
  });
});
