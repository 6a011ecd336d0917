// What each trust store finds on a machine that is told of, how it sees whether it trusts us, and what it would have done.
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { alpine } from '../../../../src/cert/trust/alpine.ts';
import { chromium } from '../../../../src/cert/trust/chromium.ts';
import { debian } from '../../../../src/cert/trust/debian.ts';
import { env } from '../../../../src/cert/trust/env.ts';
import { fedora } from '../../../../src/cert/trust/fedora.ts';
import { firefox } from '../../../../src/cert/trust/firefox.ts';
import { java } from '../../../../src/cert/trust/java.ts';
import { macos } from '../../../../src/cert/trust/macos.ts';
import { opensuse } from '../../../../src/cert/trust/opensuse.ts';
import { windows } from '../../../../src/cert/trust/windows.ts';
import { entryName, holds, trustCertificates } from '../../../../src/cert/trust-store.ts';
import { TRUST_STORES } from '../../../../src/cert/trust-stores.ts';
import { makeTestAuthority } from '../../../support/certificates.ts';
import { recordedHands } from '../../../support/hands.ts';
import { type ToldMachine, toldMachine, USER_HOME } from '../../../support/machine.ts';

const certificates = trustCertificates(makeTestAuthority('Sallyport CA 1a2b3c4d').pem + makeTestAuthority('Sallyport CA 0f0f0f0f').pem);
const [current, previous] = certificates as [(typeof certificates)[0], (typeof certificates)[0]];
const placesOn = (store: (typeof TRUST_STORES)[number], told: ToldMachine) => store.places(toldMachine(told));
const ats = (store: (typeof TRUST_STORES)[number], told: ToldMachine) => placesOn(store, told).map(({ at }) => at);

describe('certificates', () => {
  test('are told apart by a name that is fit for a file', () => {
    expect(current).toMatchObject({ subject: 'Sallyport CA 1a2b3c4d', id: expect.stringMatching(/^[0-9a-f]{16}$/) });
    expect(current.sha1).toMatch(/^[0-9A-F]{40}$/);
    expect(entryName(current)).not.toBe(entryName(previous));
    expect(trustCertificates('')).toEqual([]);
  });

  test('are seen in a bundle however its lines are broken, and not in one of others', () => {
    const broken = current.pem.replaceAll('\n', '\r\n').replace(/(.{10})/, '$1\n');
    expect(holds(`x\n${broken}`, current)).toBe(true);
    expect(holds(previous.pem, current)).toBe(false);
  });
});

describe('distributions', () => {
  const marks = {
    debian: { '/etc/debian_version': '12\n' },
    alpine: { '/etc/alpine-release': '3\n' },
    fedora: { '/etc/pki/ca-trust/source/anchors/README': '' },
    arch: { '/etc/ca-certificates/trust-source/anchors/README': '' },
    opensuse: { '/etc/pki/trust/anchors/README': '' },
  };
  const system = TRUST_STORES.filter(({ name }) => name in marks);

  test.each(Object.entries(marks))('%s is found by its own mark, and no other one', (name, files) => {
    expect(system.flatMap((store) => placesOn(store, { files }).map(() => store.name))).toEqual([name]);
    expect(system.flatMap((store) => placesOn(store, { files, platform: 'darwin' }))).toEqual([]);
  });

  test('debian: the links that update-ca-certificates leaves, and Java’s keystore, are seen to', async () => {
    const files = { ...marks.debian, '/etc/ca-certificates/update.d/jks-keystore': '' };
    const [place] = placesOn(debian, { files, programs: ['update-ca-certificates'] });
    const plan = await place!.plan([current]);
    const link = `/etc/ssl/certs/${entryName(current)}.pem`;
    expect(plan).toMatchObject({
      write: [{ path: `/usr/local/share/ca-certificates/${entryName(current)}.crt`, content: current.pem, mode: 0o644 }],
      touches: ['/etc/ssl/certs/java/cacerts'],
      run: [{ argv: ['update-ca-certificates'], root: true }],
      undoAfter: [
        { argv: ['update-ca-certificates'], root: true },
        { argv: ['rm', '-f', '--', link], root: true },
        { argv: ['openssl', 'rehash', '/etc/ssl/certs'], root: true },
        { argv: ['/etc/ca-certificates/update.d/jks-keystore'], input: `-${link}\n`, root: true },
      ],
    });
    const [without] = placesOn(debian, { files: marks.debian, programs: ['update-ca-certificates'] });
    expect((await without!.plan([current])).undoAfter).toHaveLength(3);
  });

  test.each([
    ['current', { '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem': previous.pem + current.pem }],
    ['older', { '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem': previous.pem }],
    ['older', { '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem': '', '/etc/pki/ca-trust/source/anchors/sallyport-12.pem': '' }],
    ['absent', { '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem': '' }],
    ['unknown', {}],
  ] as const)('fedora: %s', async (state, files) => {
    const [place] = placesOn(fedora, { files: { ...marks.fedora, ...files } });
    expect(await place!.check(certificates)).toMatchObject({ state });
  });

  test('a program that is missing is named with its package', async () => {
    const [place] = placesOn(alpine, { files: marks.alpine });
    await expect(place!.plan(certificates)).rejects.toThrow('update-ca-certificates is not here: install the package ca-certificates');
  });

  test('say how it is done by hand', async () => {
    const [place] = placesOn(opensuse, { files: marks.opensuse, programs: ['update-ca-certificates'] });
    expect((await place!.plan([])).manual).toBe(
      'sudo install -m 644 ca.pem /etc/pki/trust/anchors/sallyport.pem && sudo update-ca-certificates',
    );
    expect(opensuse.helpOut('')).toBe('sudo rm /etc/pki/trust/anchors/sallyport*.pem && sudo update-ca-certificates');
    expect(debian.helpOut('')).toContain('update-ca-certificates --fresh');
  });
});

describe('databases of NSS', () => {
  const home = (...folders: string[]) => Object.fromEntries(folders.map((folder) => [join(USER_HOME, folder, 'cert9.db'), '']));

  test('of every profile of Firefox are found: distribution, XDG, snap, flatpak, macOS; a profile without one is not', () => {
    const profiles = [
      '.mozilla/firefox/a b.default',
      '.config/mozilla/firefox/x.new',
      'snap/firefox/common/.mozilla/firefox/s.default',
      '.var/app/org.mozilla.firefox/.mozilla/firefox/f.default',
      'Library/Application Support/Firefox/Profiles/m.default',
    ];
    const files = { ...home(...profiles), [join(USER_HOME, '.mozilla/firefox/empty/prefs.js')]: '' };
    expect(ats(firefox, { files })).toEqual(profiles.map((profile) => join(USER_HOME, profile)));
  });

  test('of Chromium are found, each once, snaps and flatpaks too; on Linux alone', () => {
    const files = home(
      '.pki/nssdb',
      'snap/chromium/current/.pki/nssdb',
      '.var/app/org.chromium.Chromium/.pki/nssdb',
      '.local/share/pki/nssdb',
    );
    const links = { [join(USER_HOME, '.local/share/pki/nssdb')]: join(USER_HOME, '.pki/nssdb') };
    expect(ats(chromium, { files, links })).toHaveLength(3);
    expect(ats(chromium, { files, platform: 'darwin' })).toEqual([]);
  });

  test('get each certificate under a name of its own, on standard input, and lose it only where it is there', async () => {
    const [place] = placesOn(firefox, { files: home('.mozilla/firefox/p'), programs: ['certutil'] });
    const folder = join(USER_HOME, '.mozilla/firefox/p');
    const named = ['-d', `sql:${folder}`, '-n', entryName(current)];
    expect(await place!.plan([current])).toMatchObject({
      run: [{ argv: ['certutil', '-A', '-d', `sql:${folder}`, '-t', 'C,,', '-n', entryName(current), '-a'], input: current.pem }],
      undoBefore: [
        { argv: ['certutil', '-D', ...named], ifExists: join(folder, 'cert9.db'), when: { argv: ['certutil', '-L', ...named, '-a'] } },
      ],
    });
  });

  test.each([
    ['current', `${entryName(current)}  C,,`, current.pem, 0],
    ['older', `${entryName(current)}  C,,`, previous.pem, 0],
    ['older', 'sallyport-0123456789abcdef  C,,', '', 0],
    ['absent', 'Somebody else  C,,', '', 0],
    ['unknown', '', '', 255],
  ])('%s: %s', async (state, list, pem, code) => {
    const hands = recordedHands({ ends: (argv) => ({ code, output: argv.includes('-n') ? pem : list }) });
    const [place] = placesOn(firefox, { files: home('.mozilla/firefox/p'), programs: ['certutil'], hands });
    expect(await place!.check(certificates)).toMatchObject({ state });
  });

  test('are left alone without certutil, or with that of Windows', async () => {
    const files = home('.mozilla/firefox/p');
    for (const told of [{ files }, { files, platform: 'win32' as const, programs: ['certutil'] }]) {
      const [place] = placesOn(firefox, told);
      expect(await place!.check(certificates)).toMatchObject({ state: 'unknown', why: expect.stringContaining('install libnss3-tools') });
      await expect(place!.plan(certificates)).rejects.toThrow('install libnss3-tools');
    }
    expect(firefox.help('ca.pem')).toContain('certutil -A -d sql:PROFILE');
    expect(chromium.helpOut('/db')).toContain('certutil -D -d sql:/db');
  });
});

describe('Java', () => {
  const keystore = '/usr/lib/jvm/one/lib/security/cacerts';
  const one = { [keystore]: 'old', '/usr/lib/jvm/one/bin/keytool': '' };
  const tool = { programs: ['/usr/lib/jvm/one/bin/keytool'] };

  test('keystores are found by JAVA_HOME, by java in PATH and where packagers put them, each once', () => {
    const files = {
      ...one,
      '/opt/jdk8/jre/lib/security/cacerts': '',
      '/usr/lib/jvm/two/lib/security/cacerts': '',
      '/Library/Java/JavaVirtualMachines/t.jdk/Contents/Home/lib/security/cacerts': '',
      "/my jdk/it's/lib/security/cacerts": '',
      [join(USER_HOME, '.sdkman/candidates/java/21/lib/security/cacerts')]: '',
    };
    const links = { '/usr/bin/java': '/usr/lib/jvm/two/bin/java' };
    expect(ats(java, { files, links, environment: { JAVA_HOME: "/my jdk/it's" }, programs: ['java'] })).toEqual([
      "/my jdk/it's/lib/security/cacerts",
      '/usr/lib/jvm/two/lib/security/cacerts',
      keystore,
      '/opt/jdk8/jre/lib/security/cacerts',
      '/Library/Java/JavaVirtualMachines/t.jdk/Contents/Home/lib/security/cacerts',
      join(USER_HOME, '.sdkman/candidates/java/21/lib/security/cacerts'),
    ]);
  });

  test.each([
    ['current', `x, Certificate fingerprint (SHA-256): ${current.fingerprint256}`, 0],
    ['older', 'sallyport-0123456789abcdef, trustedCertEntry', 0],
    ['absent', 'debian:other.pem, trustedCertEntry', 0],
    ['unknown', 'keystore password was incorrect', 1],
  ])('%s', async (state, output, code) => {
    const hands = recordedHands({ ends: () => ({ code, output }) });
    const [place] = placesOn(java, { files: one, hands, ...tool });
    expect(await place!.check(certificates)).toMatchObject({ state });
  });

  test('the keystore is replaced whole by a copy that keytool has changed: ours in, an older one out', async () => {
    const hands = recordedHands({
      ends: (argv) => ({ code: 0, output: argv.includes('-list') ? 'sallyport-0123456789abcdef, trustedCertEntry' : '' }),
    });
    const [place] = placesOn(java, { files: one, hands, ...tool, writable: false });
    const plan = await place!.plan([current]);
    expect(plan.write).toEqual([{ path: keystore, content: Buffer.from('old'), byTool: true }]);
    const verbs = hands.spawned.map(({ argv }) => argv.slice(2).filter((word) => !word.includes('/')));
    expect(verbs.slice(1)).toEqual([
      ['-delete', '-keystore', '-storepass', 'changeit', '-alias', 'sallyport-0123456789abcdef'],
      ['-importcert', '-keystore', '-storepass', 'changeit', '-noprompt', '-trustcacerts', '-alias', entryName(current), '-file'],
    ]);
    // Never the keystore itself.
    expect(hands.spawned.some(({ argv }) => argv.includes(keystore))).toBe(false);
    expect(plan.undoAfter).toMatchObject([{ argv: expect.arrayContaining(['-delete', keystore]), ifExists: keystore, root: true }]);
  });

  test('a keytool that fails, that is missing, or a keystore that cannot be read is one line', async () => {
    const hands = recordedHands({ ends: (argv) => (argv.includes('-importcert') ? { code: 1, output: 'bad\nworse\n' } : undefined) });
    const [failing] = placesOn(java, { files: one, hands, ...tool });
    await expect(failing!.plan([current])).rejects.toThrow(
      /failed on a copy of .* with exit code 1 \(worse\); by hand: keytool -importcert/,
    );
    const [missing] = placesOn(java, { files: one });
    expect(await missing!.check([current])).toMatchObject({ state: 'unknown', why: expect.stringContaining('install a JDK') });
    expect(() => missing!.plan([current])).toThrow('keytool is not here');
    const gone = { files: { [`${keystore}/a-folder`]: '' }, hands: recordedHands(), ...tool };
    const [folder] = placesOn(java, gone);
    await expect(folder!.plan([current])).rejects.toThrow('cannot be read');
    expect(java.helpOut(keystore)).toContain('keytool -delete');
  });
});

describe('macOS', () => {
  const on = (output: string, settings = '', code = 0) => {
    const hands = recordedHands({ ends: (argv) => ({ code, output: argv[1] === 'dump-trust-settings' ? settings : output }) });
    return placesOn(macos, { platform: 'darwin', hands })[0]!;
  };

  test.each([
    ['current', `SHA-1 hash: ${current.sha1}`, 'Cert 0: Sallyport CA 1a2b3c4d', 0],
    ['older', `SHA-1 hash: ${current.sha1}`, '', 0],
    ['older', `SHA-1 hash: ${previous.sha1}`, '', 0],
    ['absent', '', '', 44],
    ['unknown', '', '', 1],
  ])('%s', async (state, output, settings, code) => {
    expect(await on(output, settings, code).check([current])).toMatchObject({ state });
  });

  test('is found there alone, and says how by hand', () => {
    expect(placesOn(macos, {})).toEqual([]);
    expect(macos.helpOut('K')).toBe("sudo security delete-certificate -t -c 'Sallyport CA' K");
  });
});

describe('Windows', () => {
  const on = (output: string, code = 0) =>
    placesOn(windows, { platform: 'win32', hands: recordedHands({ ends: () => ({ code, output }) }) })[0]!;
  test.each([
    ['current', `Cert Hash(sha1): ${current.sha1.toLowerCase().replace(/(..)/g, '$1 ')}`, 0],
    ['older', 'Subject: CN=Sallyport CA 0f0f0f0f, O=Sallyport local', 0],
    ['absent', 'Subject: CN=Other', 0],
    ['unknown', '', 5],
  ])('%s', async (state, output, code) => {
    expect(await on(output, code).check([current])).toMatchObject({ state });
  });

  test('is found there alone, and says how by hand', () => {
    expect(placesOn(windows, {})).toEqual([]);
    expect(windows.help('ca.pem')).toBe('certutil -user -addstore Root ca.pem');
    expect(windows.helpOut('')).toContain('-delstore Root');
  });
});

test('env is no store: there is nothing to install', async () => {
  const [place] = placesOn(env, {});
  expect(await place!.check(certificates)).toEqual({ state: 'current' });
  expect(await place!.plan(certificates)).toEqual({ manual: 'eval "$(sallyport env)"' });
  expect(env.helpOut('')).toContain('unset');
});

describe('every store', () => {
  test('says by hand what a shell takes for the words it is', () => {
    for (const { name, help } of TRUST_STORES)
      if (name !== 'env' && name !== 'windows') expect(help("/it's $(x)/ca.pem")).toContain("'/it'\\''s $(x)/ca.pem'");
    expect(firefox.helpOut('/a $(b)')).toContain("-d 'sql:/a $(b)' -n NAME");
  });

  test('has a name and a title of its own, and a line for doing it by hand', () => {
    for (const list of [TRUST_STORES.map(({ name }) => name), TRUST_STORES.map(({ title }) => title)])
      expect(new Set(list).size).toBe(list.length);
    for (const { help, helpOut } of TRUST_STORES) for (const text of [help('FILE'), helpOut('PLACE')]) expect(text).toMatch(/^\S[^\n]+\S$/);
  });

  // What is a name to the user must stay one word to a program.
  test('hands names of folders on as they are, whatever is in them', async () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((text) => !/[/\0]/.test(text) && !/^\.+$/.test(text));
    await fc.assert(
      fc.asyncProperty(name, async (profile) => {
        const folder = `${USER_HOME}/.mozilla/firefox/${profile}`;
        const [place] = placesOn(firefox, { files: { [`${folder}/cert9.db`]: '' }, programs: ['certutil'] });
        const { run = [], undoBefore = [] } = await place!.plan(certificates);
        for (const { argv } of [...run, ...undoBefore]) expect(argv).toContain(`sql:${folder}`);
      }),
      { numRuns: 200 },
    );
  });
});
