// The CA in a trust store of a user's own, and Sallyport taken off the machine, as they are typed. The store's program is a stand-in, so that
// no machine is changed and none has to have it; the real one is called in trust-debian.test.ts.
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { issue } from '../support/pki.ts';
import { daemonPid, FREE, isAlive, json, newUser, type User } from '../support/sallyport.ts';

const line = (text: string) => expect.stringContaining(text);

/** A database is a folder with a file a name. */
const CERTUTIL = `#!/bin/sh
verb=$1; folder=\${3#sql:}; shift 3
while [ $# -gt 0 ]; do [ "$1" = -n ] && name=$2; shift; done
[ -e "$folder/fails" ] && { echo 'database is locked' >&2; exit 7; }
case $verb in
  -A) cat > "$folder/$name.pem" ;;
  -D) rm "$folder/$name.pem" ;;
  -L) if [ -n "$name" ]; then cat "$folder/$name.pem" || exit 255; else ls "$folder"; fi ;;
esac
`;

/** A user with Chromium's database. */
function browsingUser(): User & { readonly database: string; readonly env: Readonly<Record<string, string>>; names(): string[] } {
  const user = newUser();
  const database = join(user.folder, '.pki/nssdb');
  const bin = join(user.folder, 'bin');
  for (const folder of [database, bin]) mkdirSync(folder, { recursive: true });
  writeFileSync(join(database, 'cert9.db'), '');
  writeFileSync(join(bin, 'certutil'), CERTUTIL);
  chmodSync(join(bin, 'certutil'), 0o755);
  const env = { PATH: `${bin}:${process.env.PATH}` };
  return { ...user, database, env, names: () => readdirSync(database).filter((name) => name.startsWith('sallyport-')) };
}

describe('ca install, status and uninstall', { timeout: 90_000 }, () => {
  test('into one store and out again; a CA that is made anew for other hosts is said, and takes the old one’s place', async () => {
    const user = browsingUser();
    const { env } = user;
    const say = (...words: string[]) => user.run(words, { env });
    expect(await say('ca', 'install', '--store', 'chromium')).toMatchObject({
      code: 0,
      stdout: line(`chromium: installed: ${user.database}`),
    });
    expect(user.names()).toHaveLength(1);
    expect(await say('ca', 'status', '--store', 'chromium')).toMatchObject({ code: 0, stdout: line('the current CA, 364 days left') });
    const first = user.names();

    const started = await say('start', ...FREE, '--intercept', 'one.more.test');
    expect(started).toMatchObject({ code: 0, stderr: line('stores that have an older one: 1; ') });
    expect(await say('ca', 'status', '--store', 'chromium')).toMatchObject({ code: 1, stdout: line('an older CA of Sallyport') });
    expect(json((await say('ca', 'status', '--store', 'chromium', '--json')).stdout)).toMatchObject({
      daysLeft: 364,
      stores: [{ store: 'chromium', at: user.database, state: 'older', installed: true }],
    });
    expect(await say('ca', 'install', '--store', 'chromium')).toMatchObject({ code: 0, stdout: line('chromium: renewed') });
    // Both are trusted until the old one ends.
    expect(user.names()).toEqual(expect.arrayContaining(first));
    expect(user.names()).toHaveLength(2);

    expect(await say('ca', 'uninstall', '--store', 'firefox')).toMatchObject({ code: 0, stdout: line('the CA was in no store that') });
    expect(user.names()).toHaveLength(2);
    expect(await say('ca', 'uninstall')).toMatchObject({ code: 0, stdout: line(`taken back: the CA in ${user.database}`) });
    expect(user.names()).toEqual([]);
    expect(await say('ca', 'uninstall')).toMatchObject({ code: 0, stdout: line('the CA was in no store that Sallyport has put it into') });
  });

  test('panic takes it out too', async () => {
    const user = browsingUser();
    await user.run(['ca', 'install', '--store', 'chromium'], user);
    expect(await user.run(['panic'], user)).toMatchObject({ code: 0, stdout: line(`no longer trusted: the CA in ${user.database}`) });
    expect(user.names()).toEqual([]);
  });

  test('what cannot be done is one line', async () => {
    const user = browsingUser();
    const say = (...words: string[]) => user.run(words, user);
    expect(await say('ca', 'status')).toMatchObject({ code: 1, stderr: line('there is no CA in') });
    expect(await say('ca', 'install', '--store', 'chromum')).toMatchObject({ code: 2, stderr: line('did you mean «chromium»') });
    expect(await say('ca', 'install', '--store', 'windows')).toMatchObject({
      code: 1,
      stderr: line('there is no store «windows» on this machine'),
    });
    expect(await say('ca', 'show', '--store', 'chromium')).toMatchObject({
      code: 2,
      stderr: line('--store belongs to ca install, uninstall or status'),
    });
    expect(await say('ca', 'install', '--store', 'env')).toMatchObject({ code: 0, stdout: line('nothing to install') });
    writeFileSync(join(user.database, 'fails'), '');
    expect(await say('ca', 'install', '--store', 'chromium')).toMatchObject({
      code: 1,
      stderr: line(`chromium: ${user.database}: certutil cannot read it (exit code 7)`),
    });
    expect(existsSync(join(user.home, 'changes'))).toBe(false);
    const ended = issue({ name: 'Sallyport CA 00000000', fromDays: -400, toDays: -35 });
    writeFileSync(join(user.home, 'ca.pem'), ended.pem);
    expect(await say('ca', 'install', '--store', 'chromium')).toMatchObject({ code: 1, stderr: line('the CA has ended') });
  });
});

describe('uninstall', { timeout: 90_000 }, () => {
  test('takes the CA out and stops the daemon; the home stays until --purge, which asks', async () => {
    const user = browsingUser();
    const say = (...words: string[]) => user.run(words, user);
    await say('ca', 'install', '--store', 'chromium');
    await say('start', ...FREE);
    const pid = daemonPid(user.home)!;
    expect(await say('uninstall', '--purge', '--keep-home')).toMatchObject({ code: 2, stderr: line('do not go together') });
    expect(await say('uninstall', '--purge')).toMatchObject({ code: 2, stderr: line('say --yes where nobody can be asked') });
    expect(user.names()).toHaveLength(1);

    expect(await say('uninstall')).toMatchObject({ code: 0, stdout: line('the daemon is stopped') });
    expect([user.names(), existsSync(join(user.home, 'ca.pem'))]).toEqual([[], true]);
    await eventually(() => expect(isAlive(pid)).toBe(false));
    const again = json((await say('uninstall', '--json')).stdout);
    expect(again).toEqual({ done: [], left: [], stopped: false, purged: false, trouble: [] });
    expect(await say('uninstall', '--purge', '--yes')).toMatchObject({ code: 0, stdout: line(`removed: ${user.home}`) });
    expect(existsSync(user.home)).toBe(false);
    expect(await say('uninstall', '--purge', '--yes')).toMatchObject({ code: 0, stdout: line('nothing of this system is changed') });
    expect(existsSync(user.home)).toBe(false);
  });

  test('with a change that does not come back says so, goes on with the rest, and keeps the home that tells of it', async () => {
    const user = browsingUser();
    const say = (...words: string[]) => user.run(words, user);
    await say('ca', 'install', '--store', 'chromium');
    const certutil = join(user.folder, 'bin/certutil');
    const whole = readFileSync(certutil, 'utf8');
    writeFileSync(certutil, whole.replace('-D) rm', '-D) exit 7; rm'));
    const ran = await say('uninstall', '--purge', '--yes');
    expect(ran).toMatchObject({
      code: 1,
      stderr: line('failed with exit code 7; by hand: certutil -D -d sql:'),
      stdout: line('no daemon was running'),
    });
    expect(existsSync(user.home)).toBe(true);
    writeFileSync(certutil, whole);
    expect(await say('uninstall', '--purge', '--yes')).toMatchObject({ code: 0, stdout: line('removed: ') });
    expect(user.names()).toEqual([]);
  });

  test('removes no folder that is none of ours', async () => {
    const user = newUser();
    mkdirSync(user.home, { mode: 0o700 });
    writeFileSync(join(user.home, 'thesis.tex'), '');
    expect(await user.run(['uninstall', '--purge', '--yes'])).toMatchObject({
      code: 1,
      stderr: line('does not look like a home of Sallyport'),
    });
    expect(existsSync(join(user.home, 'thesis.tex'))).toBe(true);
  });
});
