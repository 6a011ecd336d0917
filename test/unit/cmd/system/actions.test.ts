// `system on` and `off` on machines that are not there: gsettings, KDE's and macOS's programs are stand-ins that keep what they are told, and
// folders of /etc are scratch folders. What is run, what is written, and that all of it comes back.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Hands } from '../../../../cmd/changes/hands.ts';
import { openJournal } from '../../../../cmd/changes/journal.ts';
import { undoAll } from '../../../../cmd/changes/undo.ts';
import { explain } from '../../../../cmd/failure.ts';
import { SYSTEM_ACTIONS } from '../../../../cmd/system/actions.ts';
import type { Machine } from '../../../../cmd/system/setting.ts';
import type { Connection, Controlled } from '../../../../src/proxy/control/messages.ts';
import { serveControl } from '../../../../src/proxy/control/serve.ts';
import { controlPath } from '../../../../src/proxy/control/socket-path.ts';
import { scratchFolder } from '../../../support/folder.ts';
import { treeOf } from '../../../support/tree.ts';

const PAC = 'http://127.0.0.1:8898/proxy.pac';

interface Facts {
  readonly platform?: NodeJS.Platform;
  readonly missing?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly connection?: Partial<Connection>;
  readonly config?: Readonly<Record<string, string>>;
  readonly userId?: number;
}

/** A machine with every program, a control socket, and folders under a scratch root. */
async function stage({ platform = 'linux', missing = [], environment, connection = {}, config = {}, userId = 0 }: Facts = {}) {
  const folder = scratchFolder();
  const root = join(folder, 'root');
  for (const path of ['run/systemd/system', 'etc/profile.d', 'etc/apt/apt.conf.d']) mkdirSync(join(root, path), { recursive: true });
  const userHome = join(folder, 'user\'s "$(x)`y`');
  mkdirSync(userHome);
  const home = join(folder, "it's $(touch x)");
  mkdirSync(home, { mode: 0o700 });
  const rows = { listen: '127.0.0.1:8898', allow_uids: 'self, 42', ...config };
  const daemon: Partial<Controlled> = {
    connection: () =>
      ({
        proxyUrl: 'http://127.0.0.1:8898',
        caPath: join(home, 'ca.pem'),
        caPem: '',
        interceptedHosts: ['api.anthropic.com'],
        needsToken: false,
        ...connection,
      }) as Connection,
    config: () => Object.entries(rows).map(([key, value]) => ({ key, value, origin: 'default' })),
  };
  const control = await serveControl(controlPath(home), daemon as Controlled, () => undefined);
  onTestFinished(() => control.close());
  const kept: Record<string, string> = {
    'org.gnome.system.proxy mode': `'none'`,
    'org.gnome.system.proxy autoconfig-url': `''`,
    'org.gnome.system.proxy.http host': `''`,
    'org.gnome.system.proxy.http port': '0',
    'org.gnome.system.proxy.https host': `''`,
    'org.gnome.system.proxy.https port': '0',
  };
  const defaults = { ...kept };
  const run: string[][] = [];
  const dies = { at: '' };
  const hands = standIns({ kept, defaults, run, missing, userId, dies });
  const machine: Machine = { hands, platform, environment: environment ?? { DBUS_SESSION_BUS_ADDRESS: 'unix:x' }, userHome, root };
  const [out, err]: string[][] = [[], []];
  const call = (args: Readonly<Record<string, unknown>> = {}) => ({
    args,
    rest: [],
    json: false,
    invocation: { flags: { home }, configFile: undefined, environment: {}, cwd: '/', userHome },
    terminal: {
      out: (text: string) => void out!.push(text),
      err: (text: string) => void err!.push(text),
      self: 'sallyport',
      typed: (text: string) => text,
      isTty: false,
    },
    commands: [],
  });
  return {
    on: (args?: Readonly<Record<string, unknown>>) => SYSTEM_ACTIONS.on(call(args), machine),
    off: () => SYSTEM_ACTIONS.off(call(), machine),
    status: () => SYSTEM_ACTIONS.status(call()),
    ...{ folder, root, userHome, home, kept, run, dies, machine, out: out!, err: err!, journal: openJournal(home) },
    /** All that can be changed. */
    all: () => ({ ...kept, ...treeOf(root, userHome) }),
  };
}

interface StandIns {
  readonly kept: Record<string, string>;
  readonly defaults: Readonly<Record<string, string>>;
  readonly run: string[][];
  readonly missing: readonly string[];
  readonly userId: number;
  readonly dies: { at: string };
}

/** Programs that keep values as the real ones do. `dies.at`: the program with these words never returns, as when the power goes. */
function standIns({ kept, defaults, run, missing, userId, dies }: StandIns): Hands {
  const answer = (argv: readonly string[], env: Readonly<Record<string, string>> = {}): { code: number; output: string } => {
    const [program, verb, ...words] = argv;
    const said = (output: string) => ({ code: 0, output: `${output}\n` });
    if (program === 'gsettings') {
      const key = words.slice(0, 2).join(' ');
      if (verb === 'writable') return said('true');
      if (verb === 'get') return said((env.GSETTINGS_BACKEND === 'memory' ? defaults : kept)[key]!);
      kept[key] = verb === 'reset' ? defaults[key]! : words[2]!;
      return said('');
    }
    if (/^k(read|write)config[56]$/.test(program!)) {
      const key = `kde ${argv[argv.indexOf('--key') + 1]}`;
      if (program!.startsWith('kread')) return said(kept[key] ?? '');
      if (argv.at(-1) === '--delete') delete kept[key];
      else kept[key] = argv.at(-1)!;
      return said('');
    }
    if (program === 'networksetup') return networksetup(kept, verb!, words);
    if (program === 'id') return said('42');
    // The one text that is handed to a shell.
    if (program === 'sh' && words[0] === '[ "$(shift; "$@")" = "$1" ]')
      return { code: answer(words.slice(3)).output.trimEnd() === words[2] ? 0 : 1, output: '' };
    throw new Error(`nobody knows ${argv.join(' ')}`);
  };
  return {
    userId,
    find: (program) => (missing.includes(program) ? undefined : `/bin/${program}`),
    spawn: async (argv, { env }) => {
      if (dies.at !== '' && argv.join(' ').startsWith(dies.at)) throw new Error('power cut');
      if (!/^(sh|id)$|get|read|writable|list/.test(`${argv[0]}`) && !/^(get|writable|-get|-list)/.test(argv[1] ?? '')) run.push([...argv]);
      return answer(argv, env);
    },
  };
}

function networksetup(kept: Record<string, string>, verb: string, [service, ...words]: readonly string[]) {
  const said = (output: string) => ({ code: 0, output: `${output}\n` });
  if (verb === '-listallnetworkservices') return said('An asterisk (*) denotes…\nWi-Fi\n*Off\nit\'s $(x) "Dock"');
  const kind = /^-[gs]et(autoproxy|webproxy|securewebproxy)/.exec(verb)![1]!;
  const at = (name: string) => `mac ${service} ${kind} ${name}`;
  const get = (name: string, otherwise: string) => kept[at(name)] ?? otherwise;
  if (verb === '-getautoproxyurl') return said(`URL: ${get('url', '(null)')}\nEnabled: ${get('on', 'No')}`);
  if (verb.startsWith('-get'))
    return said(`Enabled: ${get('on', 'No')}\nServer: ${get('server', '')}\nPort: ${get('port', '0')}\nAuthenticated Proxy Enabled: 0`);
  if (verb.endsWith('state')) kept[at('on')] = words[0] === 'on' ? 'Yes' : 'No';
  else {
    kept[at('on')] = 'Yes';
    if (kind === 'autoproxy') kept[at('url')] = words[0]!;
    else [kept[at('server')], kept[at('port')]] = [words[0]!, words[1]!];
  }
  return said('');
}

describe('the PAC file', () => {
  test('GNOME and KDE, the mode last; again nothing; off as it was', async () => {
    const { on, off, all, kept, run, out, journal } = await stage();
    const before = all();
    expect(await on()).toBe(0);
    expect(run).toEqual([
      ['gsettings', 'set', 'org.gnome.system.proxy', 'autoconfig-url', `'${PAC}'`],
      ['gsettings', 'set', 'org.gnome.system.proxy', 'mode', `'auto'`],
      ['kwriteconfig6', '--file', 'kioslaverc', '--group', 'Proxy Settings', '--key', 'Proxy Config Script', PAC],
      ['kwriteconfig6', '--file', 'kioslaverc', '--group', 'Proxy Settings', '--key', 'ProxyType', '2'],
    ]);
    const after = all();
    expect(await on()).toBe(0);
    expect(run).toHaveLength(4);
    expect(out.filter((line) => line.startsWith('set already'))).toHaveLength(2);
    expect(all()).toEqual(after);
    expect(kept['org.gnome.system.proxy.http host']).toBe(`''`);
    expect(await off()).toBe(0);
    expect(all()).toEqual(before);
    // And the mode first, so that nobody is led by half of it.
    expect(run.filter(([, verb]) => verb === 'reset').map((argv) => argv.at(-1))).toEqual(['mode', 'autoconfig-url']);
    expect(journal.inForce()).toEqual([]);
    expect(await off()).toBe(0);
    expect(out.at(-1)).toBe('nothing was set from here');
  });

  test('what the user had there comes back', async () => {
    const { on, off, all, kept } = await stage();
    Object.assign(kept, {
      'org.gnome.system.proxy mode': `'manual'`,
      'org.gnome.system.proxy autoconfig-url': `'http://wpad.example.test/"$(x)"'`,
      'kde ProxyType': '3',
      'kde Proxy Config Script': 'http://wpad.example.test/a b',
    });
    const before = all();
    await on();
    expect(kept['kde ProxyType']).toBe('2');
    await off();
    expect(all()).toEqual(before);
  });

  test('what the user changes after us stays', async () => {
    const { on, off, kept } = await stage();
    await on();
    kept['org.gnome.system.proxy mode'] = `'none'`;
    kept['kde ProxyType'] = '0';
    await off();
    expect(kept).toMatchObject({ 'org.gnome.system.proxy mode': `'none'`, 'kde ProxyType': '0' });
    // The other half was still ours.
    expect(kept['org.gnome.system.proxy autoconfig-url']).toBe(`''`);
  });

  test('what the user changed in between is what comes back after the next time', async () => {
    const { on, off, kept } = await stage();
    await on();
    kept['org.gnome.system.proxy mode'] = `'manual'`;
    await on();
    expect(kept['org.gnome.system.proxy mode']).toBe(`'auto'`);
    await off();
    expect(kept['org.gnome.system.proxy mode']).toBe(`'manual'`);
  });

  test('macOS: every service that is on', async () => {
    const { on, off, all, kept, run } = await stage({ platform: 'darwin', missing: ['kwriteconfig6', 'kwriteconfig5'] });
    Object.assign(kept, { 'mac Wi-Fi autoproxy url': 'http://wpad.example.test/', 'mac Wi-Fi autoproxy on': 'No' });
    const before = all();
    expect(await on()).toBe(0);
    expect(run).toEqual([
      ['networksetup', '-setautoproxyurl', 'Wi-Fi', PAC],
      ['networksetup', '-setautoproxyurl', `it's $(x) "Dock"`, PAC],
    ]);
    await on();
    expect(run).toHaveLength(2);
    await off();
    expect(kept['mac Wi-Fi autoproxy url']).toBe('http://wpad.example.test/');
    expect(kept['mac Wi-Fi autoproxy on']).toBe('No');
    // An address that was never there cannot be taken out again; it is off.
    expect(kept[`mac it's $(x) "Dock" autoproxy on`]).toBe('No');
    expect(Object.keys(before).every((key) => kept[key] === undefined || kept[key] === before[key])).toBe(true);
  });
});

describe('everything', () => {
  test('variables, apt and the desktops; then the PAC file alone; off as it was', async () => {
    const { on, off, all, root, userHome, home, kept, journal } = await stage();
    writeFileSync(join(root, 'etc/apt/apt.conf.d/60sallyport'), 'before', { mode: 0o600 });
    const before = all();
    expect(await on({ all: true })).toBe(0);
    expect(kept).toMatchObject({
      'org.gnome.system.proxy mode': `'manual'`,
      'org.gnome.system.proxy.https host': `'127.0.0.1'`,
      'org.gnome.system.proxy.https port': '8898',
      'kde httpsProxy': 'http://127.0.0.1 8898',
      'kde ProxyType': '1',
    });
    expect(readFileSync(join(root, 'etc/apt/apt.conf.d/60sallyport'), 'utf8')).toContain('Acquire::https::Proxy "http://127.0.0.1:8898";');
    const variables = join(userHome, '.config/environment.d/60-sallyport.conf');
    expect(statSync(variables).mode & 0o777).toBe(0o600);
    expect(readFileSync(variables, 'utf8')).toContain('HTTPS_PROXY="http://127.0.0.1:8898"\n');
    expect(readFileSync(variables, 'utf8')).toContain(`CODEX_CA_CERTIFICATE="${home.replaceAll('$', '\\$')}/ca.pem"`);
    const after = all();
    expect(await on({ all: true })).toBe(0);
    expect(all()).toEqual(after);

    expect(await on()).toBe(0);
    expect(kept).toMatchObject({
      'org.gnome.system.proxy mode': `'auto'`,
      'org.gnome.system.proxy.https host': `''`,
      'kde ProxyType': '2',
    });
    expect(kept['kde httpsProxy']).toBeUndefined();
    expect(
      journal
        .inForce('system')
        .map(({ key }) => key)
        .sort(),
    ).toEqual(['gsettings', 'kde']);
    expect(treeOf(root)).toEqual(Object.fromEntries(Object.entries(before).filter(([path]) => path.startsWith(root))));
    await off();
    expect(all()).toEqual(before);
  });

  test('a login shell has the variables where it can read the CA, and no other does; hostile paths stay paths', async () => {
    const { on, root, home, folder } = await stage();
    await on({ all: true });
    const file = join(root, 'etc/profile.d/sallyport.sh');
    const shown = () =>
      spawnSync('sh', ['-c', '. "$1"; printf "%s|%s|%s" "$HTTPS_PROXY" "$DENO_CERT" "$sallyport_ca"', 'sh', file], {
        encoding: 'utf8',
        cwd: folder,
        env: { ALL_PROXY: 'x' },
      });
    expect(shown()).toMatchObject({ stdout: '||', stderr: '' });
    writeFileSync(join(home, 'ca.pem'), '');
    expect(shown()).toMatchObject({ stdout: `http://127.0.0.1:8898|${home}/ca.pem|`, stderr: '' });
    expect(Object.keys(treeOf(folder)).some((path) => path.endsWith('/x'))).toBe(false);
  });

  test('macOS: servers that were there come back, and stay off where they were', async () => {
    const { on, off, kept, run } = await stage({ platform: 'darwin', missing: ['kwriteconfig6', 'kwriteconfig5'] });
    Object.assign(kept, { 'mac Wi-Fi webproxy server': 'corp', 'mac Wi-Fi webproxy port': '3128', 'mac Wi-Fi webproxy on': 'No' });
    await on({ all: true });
    expect(run[0]).toEqual(['networksetup', '-setwebproxy', 'Wi-Fi', '127.0.0.1', '8898']);
    await off();
    expect(kept).toMatchObject({ 'mac Wi-Fi webproxy server': 'corp', 'mac Wi-Fi webproxy port': '3128', 'mac Wi-Fi webproxy on': 'No' });
  });

  test('a password is written nowhere that others read', async () => {
    const { on, root } = await stage({ connection: { proxyUrl: 'http://me:secret@127.0.0.1:8898' } });
    expect(await on({ all: true })).toBe(0);
    expect(Object.keys(treeOf(root)).filter((path) => path.includes('sallyport'))).toEqual([]);
  });

  test('apt is left alone where its user would be asked for a token', async () => {
    const { on, root } = await stage({ config: { allow_uids: 'self' } });
    await on({ all: true });
    expect(Object.keys(treeOf(root)).filter((path) => path.includes('60sallyport'))).toEqual([]);
  });
});

describe('a power cut', () => {
  test.each([
    ['before the first value', 'gsettings set org.gnome.system.proxy autoconfig-url'],
    ['between two values', 'gsettings set org.gnome.system.proxy mode'],
    ['at the second program', 'kwriteconfig6 --file kioslaverc --group Proxy Settings --key ProxyType'],
  ])('%s: uninstall ends as it was, and so does on and then off', async (_, at) => {
    for (const way of ['uninstall', 'again'] as const) {
      const { on, off, all, dies, journal, machine, status, out } = await stage();
      const before = all();
      dies.at = at;
      const dead = { ...machine, hands: { ...machine.hands, spawn: cutOff(machine.hands, dies) } };
      Object.assign(machine, { hands: dead.hands });
      await on();
      expect(journal.inForce('system').some(({ isDone }) => !isDone)).toBe(true);
      await status();
      expect(out.at(-1) ?? '').toMatch(/interrupted|GNOME|KDE/);
      dies.at = '';
      if (way === 'uninstall') expect(await undoAll(journal, 'all', () => {}, machine.hands)).toMatchObject({ failed: [] });
      else {
        expect(await on()).toBe(0);
        await off();
      }
      expect(all()).toEqual(before);
      expect(journal.inForce()).toEqual([]);
    }
  });
});

/** From the moment it dies nothing is run any more, the way back neither. */
function cutOff(hands: Hands, dies: { at: string }): Hands['spawn'] {
  let isDead = false;
  return async (argv, how) => {
    if (dies.at === '') isDead = false;
    else if (argv.join(' ').startsWith(dies.at)) isDead = true;
    if (isDead) throw new Error('power cut');
    return hands.spawn(argv, how);
  };
}

describe('refused, and nothing done', () => {
  test.each([
    ['a port that goes with the daemon', { config: { listen: '127.0.0.1:0' } }, /only until it ends \(listen is 127.0.0.1:0\)/],
    ['a token', { connection: { needsToken: true } }, /asks for a token/],
    [
      'a machine that takes none',
      { missing: ['gsettings', 'kwriteconfig6', 'kwriteconfig5'] },
      /nothing here takes such a setting \(.*gsettings: there is no gsettings here.*\); give programs the PAC file http:\/\/127.0.0.1:8898\/proxy.pac by hand/,
    ],
    ['no desktop session', { environment: {}, missing: ['kreadconfig6', 'kreadconfig5'] }, /not a desktop session/],
  ] as const)('%s', async (_, facts, line) => {
    const { on, all, journal } = await stage(facts);
    const before = all();
    expect(await on().catch(explain)).toMatchObject({ exitCode: 1, line: expect.stringMatching(line) });
    expect(all()).toEqual(before);
    expect(journal.inForce()).toEqual([]);
  });

  test('a value that does not stay is taken back and told, and the other place is set all the same', async () => {
    const { on, kept, err, journal } = await stage();
    Object.defineProperty(kept, 'org.gnome.system.proxy mode', { get: () => `'none'`, set: () => undefined, enumerable: true });
    expect(await on()).toBe(1);
    expect(err.join()).toMatch(/GNOME .* it was set, and reads otherwise; by hand: gsettings set/);
    expect(kept['org.gnome.system.proxy autoconfig-url']).toBe(`''`);
    expect(journal.inForce('system').map(({ key }) => key)).toEqual(['kde']);
  });

  test('without root, and nobody to ask for it: the manual way for what only root may, and the rest is done', async () => {
    const { on, root, err, journal } = await stage({ userId: 1000, missing: ['sudo', 'doas', 'pkexec'] });
    const before = treeOf(root);
    expect(await on({ all: true })).toBe(1);
    expect(err).toEqual([
      expect.stringMatching(
        /only root may do this, and there is neither sudo.*as root, write what sallyport env --shell bash prints into .*profile.d/,
      ),
      expect.stringMatching(/only root may do this.*as root, write into .*60sallyport: Acquire::http::Proxy/),
    ]);
    expect(treeOf(root)).toEqual(before);
    expect(
      journal
        .inForce('system')
        .map(({ key }) => key)
        .sort(),
    ).toEqual(['environment-d', 'gsettings', 'kde']);
  });
});
