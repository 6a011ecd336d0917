// Installing into stores whose programs are recorded and remember what they were told: macOS and Windows as they would be called, what is
// taken back when one fails, and what the user without root or without a program is told.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openJournal } from '../../../../cmd/changes/journal.ts';
import { undoAll } from '../../../../cmd/changes/undo.ts';
import { installInto } from '../../../../cmd/trust/install.ts';
import { outdated } from '../../../../cmd/trust/outdated.ts';
import type { Trust } from '../../../../cmd/trust/places.ts';
import { debian } from '../../../../src/cert/trust/debian.ts';
import { firefox } from '../../../../src/cert/trust/firefox.ts';
import { macos } from '../../../../src/cert/trust/macos.ts';
import { windows } from '../../../../src/cert/trust/windows.ts';
import { entryName, type TrustStore, trustCertificates } from '../../../../src/cert/trust-store.ts';
import { makeTestAuthority } from '../../../support/certificates.ts';
import { scratchFolder } from '../../../support/folder.ts';
import { type RecordedHandsOptions, recordedHands } from '../../../support/hands.ts';
import { type ToldMachine, toldMachine, USER_HOME } from '../../../support/machine.ts';

const certificatesOf = (...names: string[]) => trustCertificates(names.map((name) => makeTestAuthority(name).pem).join(''));
const certificates = certificatesOf('Sallyport CA 1a2b3c4d');
const [current] = certificates as [(typeof certificates)[0]];

function stage(store: TrustStore, told: ToldMachine, options: RecordedHandsOptions) {
  const home = join(scratchFolder(), "it's $(x)\né");
  const hands = recordedHands(options);
  const machine = toldMachine({ ...told, hands, ownFolder: join(home, 'trust') });
  const places = store.places(machine).map((place) => ({ ...place, store, key: `${store.name} ${place.at}` }));
  const trust: Trust = { home, journal: openJournal(home), hands, places };
  const told_: string[] = [];
  return {
    home,
    hands,
    journal: trust.journal,
    told: told_,
    install: (list = certificates) => installInto(trust, places, list, (line) => told_.push(line)),
    uninstall: () => undoAll(trust.journal, 'all', () => {}, hands),
    calls: () => hands.spawned.map(({ argv }) => argv.join(' ')),
  };
}

/** A keychain that remembers: `security` and `certutil` of Windows, by what each is called with. */
function remembering(fails?: string) {
  const trusted = new Set<string>();
  return {
    trusted,
    ends: (argv: readonly string[]) => {
      const words = argv.filter((word) => word !== 'sudo' && word !== '--');
      const verb = words.find((word) => /^-?(add|remove|delete|find|dump|delstore|store)/.test(word)) ?? '';
      if (fails !== undefined && verb.includes(fails)) return { code: 5, output: 'denied' };
      const file = words.at(-1) ?? '';
      if (/^(add-trusted-cert|-addstore)$/.test(verb)) trusted.add(/sallyport-[0-9a-f]{16}/.exec(file)?.[0] ?? '');
      if (/^(delete-certificate|-delstore)$/.test(verb)) trusted.clear();
      if (verb === 'dump-trust-settings') return { code: 0, output: trusted.size > 0 ? current.subject : '' };
      const list = [...trusted].map((name) => (name === entryName(current) ? `SHA-1 hash: ${current.sha1}` : 'Sallyport CA')).join('\n');
      return { code: 0, output: list };
    },
  };
}

describe('macOS', () => {
  test('install and uninstall: what is called, as root; a second time changes nothing', async () => {
    const { trusted, ends } = remembering();
    const { install, uninstall, calls, home, hands, told } = stage(macos, { platform: 'darwin' }, { userId: 501, ends });
    const file = join(home, 'trust', `${entryName(current)}.pem`);
    const keychain = '/Library/Keychains/System.keychain';
    expect(await install()).toEqual([{ store: 'macos', at: keychain, outcome: 'installed' }]);
    expect(hands.spawned.map(({ argv }) => argv).filter(([program]) => program === 'sudo')).toEqual([
      ['sudo', '--', 'security', 'add-trusted-cert', '-d', '-r', 'trustRoot', '-p', 'ssl', '-p', 'basic', '-k', keychain, file],
    ]);
    expect(told.join()).toContain('root is needed for: security add-trusted-cert');
    expect(existsSync(file)).toBe(true);
    const before = calls().length;
    expect(await install()).toMatchObject([{ outcome: 'already there' }]);
    expect(calls().slice(before).join()).not.toContain('add-trusted-cert');
    expect(await uninstall()).toMatchObject({ failed: [], left: [] });
    expect(calls().slice(-2)).toEqual([
      `sudo -- security remove-trusted-cert -d ${file}`,
      `sudo -- security delete-certificate -Z ${current.sha1} ${keychain}`,
    ]);
    expect([trusted.size, existsSync(join(home, 'trust'))]).toEqual([0, false]);
  });

  test('a step that fails is named, and taken back', async () => {
    const { ends } = remembering('add-trusted');
    const { install, journal, home } = stage(macos, { platform: 'darwin' }, { ends });
    expect(await install()).toMatchObject([
      {
        outcome: 'failed',
        line: expect.stringMatching(/^security add-trusted-cert .* failed with exit code 5 \(denied\); by hand: sudo security/),
      },
    ]);
    expect(journal.inForce()).toEqual([]);
    expect(existsSync(join(home, 'trust'))).toBe(false);
  });
});

describe('Windows', () => {
  test('install and uninstall: what is called, as the user', async () => {
    const { ends } = remembering();
    const { install, uninstall, calls, home } = stage(windows, { platform: 'win32' }, { userId: undefined, ends });
    expect(await install()).toMatchObject([{ outcome: 'installed' }]);
    expect(calls()).toContain(`certutil -user -addstore -f Root ${join(home, 'trust', `${entryName(current)}.pem`)}`);
    expect(await uninstall()).toMatchObject({ failed: [] });
    expect(calls().slice(-2)).toEqual([`certutil -user -store Root ${current.sha1}`, `certutil -user -delstore Root ${current.sha1}`]);
  });
});

describe('any store', () => {
  const nss = { files: { [join(USER_HOME, '.mozilla/firefox/p/cert9.db')]: '' }, programs: ['certutil'] };

  test('that does not trust us afterwards is taken back, and its user told', async () => {
    const { install, journal } = stage(firefox, nss, { ends: () => ({ code: 0, output: 'nothing of ours' }) });
    expect(await install()).toMatchObject([{ outcome: 'failed', line: expect.stringContaining('it was put there and is not trusted') }]);
    expect(journal.inForce()).toEqual([]);
  });

  test('without its program, without root and without sudo is one line each, and nothing is done', async () => {
    const { certutil, root } = {
      certutil: stage(firefox, { files: nss.files }, {}),
      root: stage(windows, { platform: 'win32' }, { ends: () => ({ code: 1 }) }),
    };
    expect(await certutil.install()).toMatchObject([{ outcome: 'failed', line: expect.stringMatching(/^certutil is not here: install/) }]);
    expect(await root.install()).toMatchObject([{ outcome: 'failed', line: expect.stringContaining('certutil cannot read the store') }]);
    const debianHere = {
      files: { '/etc/debian_version': '', '/etc/ssl/certs/ca-certificates.crt': '' },
      programs: ['update-ca-certificates'],
    };
    const plain = stage(
      macos,
      { ...debianHere, platform: 'darwin' },
      { userId: 501, missing: ['sudo', 'doas', 'pkexec'], ends: () => ({ code: 44 }) },
    );
    expect(await plain.install()).toMatchObject([
      {
        outcome: 'failed',
        line: expect.stringMatching(/^only root may do this, and there is neither sudo, doas nor pkexec here; as root: security/),
      },
    ]);
    expect([certutil, root, plain].map(({ journal }) => journal.inForce())).toEqual([[], [], []]);
    expect(debian.places(toldMachine(debianHere))).toHaveLength(1);
  });

  test('that was installed into is outdated once the CA is another one, and is renewed with what it replaces', async () => {
    const listed: string[] = [];
    const pems = new Map<string, string>();
    const hands: RecordedHandsOptions = {
      ends: (argv, { input }) => {
        const name = argv[argv.indexOf('-n') + 1] ?? '';
        if (argv.includes('-A')) pems.set(name, input ?? '');
        if (argv.includes('-D')) pems.delete(name);
        if (argv.includes('-L') && argv.includes('-n')) return pems.has(name) ? { code: 0, output: pems.get(name)! } : { code: 255 };
        listed.push(argv.join(' '));
        return { code: 0, output: [...pems.keys()].join('\n') };
      },
    };
    // What is taken out is taken out of a database that is there.
    const userHome = scratchFolder();
    const folder = join(userHome, '.mozilla/firefox/p');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'cert9.db'), '');
    const files = { [join(folder, 'cert9.db')]: '' };
    const { install, journal, uninstall } = stage(firefox, { ...nss, files, userHome }, hands);
    await install();
    const renewed = [...certificatesOf('Sallyport CA 5e6f7a8b'), current];
    expect(outdated(journal, certificates)).toEqual([]);
    expect(outdated(journal, renewed)).toHaveLength(1);
    // Renewed by date: both are trusted until the old one ends.
    expect(await install(renewed)).toMatchObject([{ outcome: 'renewed' }]);
    expect([...pems.keys()].sort()).toEqual(renewed.map(entryName).sort());
    // The old one has ended: it goes.
    const last = [...certificatesOf('Sallyport CA 9c9c9c9c'), renewed[0]!];
    await install(last);
    expect([...pems.keys()].sort()).toEqual(last.map(entryName).sort());
    expect(journal.inForce()).toHaveLength(1);
    await uninstall();
    expect(pems.size).toBe(0);
  });
});
