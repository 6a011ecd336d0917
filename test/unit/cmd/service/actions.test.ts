// `service` on a machine of recorders: what is written, what is run and in which order, and how all of it is taken back.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openJournal } from '../../../../cmd/changes/journal.ts';
import { undoAll } from '../../../../cmd/changes/undo.ts';
import { service } from '../../../../cmd/commands/service.ts';
import { ACTIONS, type Machine } from '../../../../cmd/service/actions.ts';
import { scratchFolder } from '../../../support/folder.ts';
import { recordedHands } from '../../../support/hands.ts';
import { systemdWords } from '../../../support/systemd-words.ts';
import { treeOf } from '../../../support/tree.ts';

const root = join(import.meta.dirname, '../../../..');
// Nobody else comes upon these addresses of loopback.
const PORT = '127.48.98.1:8898';
const OTHER = '127.48.98.2:8898';

interface StageOptions {
  readonly platform?: NodeJS.Platform;
  readonly userId?: number;
  readonly missing?: readonly string[];
  readonly fails?: readonly string[];
  /** The installation lies in a folder of this name. */
  readonly under?: string;
}

/** A user on a machine whose systemd or launchd is a recorder that remembers what was started. */
function stage({ platform = 'linux', userId = 1000, missing = [], fails = [], under = 'sallyport' }: StageOptions = {}) {
  const folder = scratchFolder();
  const [rootFolder, userHome, installation] = [join(folder, 'root'), join(folder, 'u'), join(folder, under)];
  for (const path of [rootFolder, userHome, join(installation, 'cmd')]) mkdirSync(path, { recursive: true });
  writeFileSync(join(installation, 'cmd/sallyport'), '');
  for (const part of ['systemd', 'launchd']) spawnSync('cp', ['-r', join(root, part), join(installation, part)]);
  let isRunning = false;
  const hands = recordedHands({
    userId,
    missing,
    ends: (argv) => {
      const line = argv.join(' ');
      const failing = fails.find((words) => line.includes(words));
      if (failing !== undefined) return { code: 1, output: `${failing} did not work\n` };
      if (/enable --now|launchctl bootstrap/.test(line)) isRunning = true;
      if (/disable --now|launchctl bootout/.test(line)) isRunning = false;
      if (line.includes('--property=LoadState'))
        return {
          code: 0,
          output: isRunning
            ? 'LoadState=loaded\nActiveState=active\nSubState=running\nUnitFileState=enabled\nMainPID=77\n'
            : 'LoadState=not-found\n',
        };
      if (line.startsWith('launchctl print')) return isRunning ? { code: 0, output: '\tstate = running\n\tpid = 77\n' } : { code: 113 };
      return undefined;
    },
  });
  const machine: Machine = { platform, hands, rootFolder, here: join(installation, 'cmd'), node: join(folder, 'node-26/node') };
  const said: string[] = [];
  const act = async (
    action: keyof typeof ACTIONS,
    args: Record<string, unknown> = {},
    flags: Record<string, unknown> = { listen: PORT },
  ) => {
    said.length = 0;
    const before = hands.spawned.length;
    const environment = { PATH: '/usr/bin', HOME: userHome };
    const invocation = { flags, configFile: undefined, environment, cwd: folder, userHome };
    const terminal = {
      out: (text: string) => void said.push(text),
      err: () => {},
      self: 'sallyport',
      typed: (text: string) => text,
      isTty: false,
    };
    const code = await ACTIONS[action](
      { args: { action, ...args }, rest: [], json: args.json === true, invocation, terminal, commands: [] },
      machine,
    );
    const ran = hands.spawned.slice(before).map(({ argv }) => argv.join(' '));
    return { code, ran: ran.filter((line) => !/ show | print /.test(line)), said: said.join('\n') };
  };
  const journal = openJournal(join(userHome, '.local/share/sallyport'));
  const stop = () => {
    isRunning = false;
  };
  return { act, hands, journal, userHome, rootFolder, installation, folder, stop, home: journal.home };
}

const lineOf = (text: string, name: string) =>
  text
    .split('\n')
    .find((line) => line.startsWith(`${name}=`))
    ?.slice(name.length + 1);

describe('systemd of the user', () => {
  test('install, again, and away: as it was', async () => {
    const { act, journal, userHome, installation, home } = stage();
    const before = treeOf(userHome);
    const first = await act('install');
    expect(first.ran).toEqual(['systemctl --user daemon-reload', 'systemctl --user enable --now sallyport.socket sallyport.service']);
    const folder = join(userHome, '.config/systemd/user');
    const unit = readFileSync(join(folder, 'sallyport.service'), 'utf8');
    const program = ['/bin/sh', join(installation, 'cmd/sallyport')];
    expect(systemdWords(lineOf(unit, 'ExecStart')!)).toEqual([...program, 'start', '--foreground', '--home', home]);
    expect(systemdWords(lineOf(unit, 'ExecReload')!)).toEqual([...program, 'reload', '--home', home]);
    expect(lineOf(readFileSync(join(folder, 'sallyport.socket'), 'utf8'), 'ListenStream')).toBe(PORT);
    expect(first.said).toContain(`installed: ${join(folder, 'sallyport.service')}, active (running); it listens on ${PORT}`);
    expect(first.said).toContain('loginctl enable-linger');

    const installed = treeOf(folder);
    const again = await act('install');
    expect([again.ran, again.code]).toEqual([[], 0]);
    expect(again.said).toBe(`nothing to change: ${join(folder, 'sallyport.service')} is in place, active (running)`);
    expect([treeOf(folder), journal.inForce().length]).toEqual([installed, 1]);

    expect((await act('status')).said).toMatch(/^active \(running\), enabled, pid 77\n/);
    const away = await act('uninstall');
    expect(away.ran).toEqual([
      'systemctl --user disable --now sallyport.socket',
      'systemctl --user disable --now sallyport.service',
      'systemctl --user daemon-reload',
    ]);
    const { [join(userHome, '.local')]: _, ...after } = Object.fromEntries(
      Object.entries(treeOf(userHome)).filter(([path]) => !path.startsWith(join(userHome, '.local/'))),
    );
    expect(after).toEqual(before);
    expect(await act('uninstall')).toMatchObject({ code: 0, ran: [], said: 'nothing to change: no service is installed' });
    expect(await act('status')).toMatchObject({ code: 3, said: 'not installed; sallyport service install --user does it' });
  });

  test('another port: the old service goes before the new one comes', async () => {
    const { act, userHome, journal } = stage();
    await act('install');
    const { ran } = await act('install', {}, { listen: OTHER });
    expect(ran.map((line) => line.split(' ').slice(2).join(' '))).toEqual([
      'disable --now sallyport.socket',
      'disable --now sallyport.service',
      'daemon-reload',
      'daemon-reload',
      'enable --now sallyport.socket sallyport.service',
    ]);
    expect(readFileSync(join(userHome, '.config/systemd/user/sallyport.socket'), 'utf8')).toContain(`ListenStream=${OTHER}\n`);
    expect(journal.inForce()).toHaveLength(1);
  });

  test('what was stopped by hand is started again', async () => {
    const { act, stop } = stage();
    await act('install');
    stop();
    expect((await act('install')).ran).toEqual([
      'systemctl --user daemon-reload',
      'systemctl --user enable --now sallyport.socket sallyport.service',
    ]);
  });

  test('a step that fails takes everything back and says so in one line', async () => {
    const { act, userHome, journal } = stage({ fails: ['enable --now'] });
    await expect(act('install')).rejects.toThrow(/^systemctl --user enable --now .* failed with exit code 1 \(.*did not work\); by hand: /);
    expect([existsSync(join(userHome, '.config')), journal.inForce()]).toEqual([false, []]);
  });

  test('the uninstallation of everything takes it back too', async () => {
    const { act, journal, hands, userHome } = stage();
    await act('install');
    expect(await undoAll(journal, 'all', () => {}, hands)).toMatchObject({ left: [], failed: [] });
    expect(existsSync(join(userHome, '.config'))).toBe(false);
  });

  test.each(['with blanks and = in it', `%h $HOME $\{HOME} $$ 100%`, `quo"te's and \\back\\slashes`, 'sn\u00f6w \u2603'])(
    'an installation in «%s» is named so that systemd starts it',
    async (under) => {
      const { act, userHome, installation } = stage({ under });
      await act('install');
      const file = join(userHome, '.config/systemd/user/sallyport.service');
      const words = systemdWords(lineOf(readFileSync(file, 'utf8'), 'ExecStart')!);
      expect(words.slice(0, 2)).toEqual(['/bin/sh', join(installation, 'cmd/sallyport')]);
      const { stdout, stderr } = verify(['--user', file, join(userHome, '.config/systemd/user/sallyport.socket')], userHome);
      expect(stdout + stderr).toBe('');
    },
  );

  test('one with a line end is refused, and nothing is written', async () => {
    const { act, userHome } = stage({ under: 'a\nExecStartPre=b' });
    await expect(act('install')).rejects.toThrow('a line end, a control character or broken UTF-8 in a path does not go into a service');
    expect(existsSync(join(userHome, '.config'))).toBe(false);
  });

  test('a port that is taken is told before anything is written', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    const { act, userHome } = stage();
    const taken = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    await expect(act('install', {}, { listen: taken })).rejects.toThrow(`${taken} is taken by another program`);
    expect(existsSync(join(userHome, '.config'))).toBe(false);
  });

  test('units that came otherwise are left alone', async () => {
    const { act, journal } = stage();
    await act('install');
    journal.forget(journal.inForce()[0]!.id);
    await expect(act('uninstall')).rejects.toThrow('was not installed by this home');
  });
});

describe('systemd of the machine', () => {
  test('root installs it, with a home and a configuration of its own; purge clears the home', async () => {
    const { act, rootFolder } = stage({ userId: 0 });
    mkdirSync(join(rootFolder, 'etc/sallyport'), { recursive: true });
    writeFileSync(join(rootFolder, 'etc/sallyport/sallyport.yaml'), `listen: ${OTHER}\n`);
    const before = treeOf(rootFolder);
    const first = await act('install', {}, {});
    expect(first.ran).toEqual(['systemctl daemon-reload', 'systemctl enable --now sallyport.socket sallyport.service']);
    const unit = readFileSync(join(rootFolder, 'etc/systemd/system/sallyport.service'), 'utf8');
    expect(lineOf(unit, 'ExecStart')).toMatch(/sallyport" start --foreground$/);
    expect(readFileSync(join(rootFolder, 'etc/systemd/system/sallyport.socket'), 'utf8')).toContain(`ListenStream=${OTHER}\n`);
    expect((await act('uninstall', { purge: true }, {})).ran).toEqual([
      'systemctl stop sallyport.socket sallyport.service',
      'systemctl clean --what=state sallyport.service',
      'systemctl disable --now sallyport.socket',
      'systemctl disable --now sallyport.service',
      'systemctl daemon-reload',
    ]);
    expect(treeOf(rootFolder)).toEqual(before);
  });

  test('a user asks root through sudo; what stays is told', async () => {
    const { act } = stage({ userId: 1000 });
    const first = await act('install', { system: true });
    expect(first.ran.slice(-2)).toEqual([
      'sudo -- systemctl daemon-reload',
      'sudo -- systemctl enable --now sallyport.socket sallyport.service',
    ]);
    expect((await act('uninstall', { system: true })).said).toBe('left in place: /var/lib/sallyport, with its CA and its vault');
  });
});

describe('launchd', () => {
  test('of the user: loaded, left alone, unloaded', async () => {
    const { act, userHome, installation, home } = stage({ platform: 'darwin', under: 'a <b> & c' });
    const target = 'gui/1000/org.sallyport.agent';
    const path = join(userHome, 'Library/LaunchAgents/org.sallyport.agent.plist');
    expect((await act('install')).ran).toEqual([`launchctl enable ${target}`, `launchctl bootstrap gui/1000 ${path}`]);
    expect((await act('install')).ran).toEqual([]);
    const list = plist(path);
    const program = ['/bin/sh', join(installation, 'cmd/sallyport')];
    expect(list.ProgramArguments).toEqual([...program, 'start', '--foreground', '--home', home, '--listen', PORT]);
    expect([list.StandardErrorPath, list.StandardOutPath]).toEqual(Array(2).fill(join(home, 'sallyport.log')));
    expect((await act('uninstall')).ran).toEqual([`launchctl bootout ${target}`]);
    expect(existsSync(path)).toBe(false);
  });

  test('of the machine: as a user of its own, which has to be there', async () => {
    const { act, rootFolder } = stage({ platform: 'darwin', userId: 0 });
    const state = join(rootFolder, '/Library/Application Support/Sallyport');
    const path = join(rootFolder, 'Library/LaunchDaemons/org.sallyport.daemon.plist');
    expect((await act('install')).ran).toEqual([
      'id -u _sallyport',
      `install -d -m 0700 -o _sallyport ${state}`,
      'launchctl enable system/org.sallyport.daemon',
      `launchctl bootstrap system ${path}`,
    ]);
    expect(plist(path)).toMatchObject({ UserName: '_sallyport', Label: 'org.sallyport.daemon' });
    expect((await act('uninstall', { purge: true })).ran.slice(1)).toEqual([
      'launchctl bootout system/org.sallyport.daemon',
      `rm -rf -- ${state}`,
    ]);
    await expect(stage({ platform: 'darwin', userId: 0, fails: ['id -u'] }).act('install')).rejects.toThrow(
      'sysadminctl -addUser _sallyport',
    );
  });
});

describe('where it cannot be done, one line says what can', () => {
  const other = '; docs/service.md tells how, and sallyport start needs none';
  test.each<[StageOptions, Record<string, unknown>, string]>([
    [{ missing: ['systemctl'] }, {}, `there is no systemd on this machine${other}`],
    [{ fails: ['--property=Version'] }, {}, `systemd cannot be reached (--property=Version did not work)${other}`],
    [{ platform: 'win32' }, {}, `a service is set up by hand on this system${other}`],
    [{ platform: 'darwin', missing: ['launchctl'] }, {}, `there is no launchd on this machine${other}`],
    [{}, { user: true, system: true }, '--user or --system, not both'],
  ])('%j %j', async (options, args, line) => {
    for (const action of ['install', 'uninstall', 'status', 'logs'] as const)
      await expect(stage(options).act(action, args)).rejects.toThrow(line);
  });

  test('what makes no sense is refused', async () => {
    await expect(stage().act('install', {}, { listen: '127.0.0.1:0' })).rejects.toThrow('a service needs a port of its own');
    await expect(stage({ userId: 0 }).act('install', {}, { home: '/h' })).rejects.toThrow('--home is for --user');
    await expect(stage().act('uninstall', { purge: true })).rejects.toThrow('--purge is for --system');
    await expect(stage().act('logs', { lines: 'all' })).rejects.toThrow('--lines takes a number, not «all»');
  });
});

test('the command names each of its actions', () => {
  expect(service.positionals!.action!.choices).toEqual(Object.keys(ACTIONS));
});

function verify(words: readonly string[], folder: string) {
  mkdirSync(join(folder, 'run'), { recursive: true });
  const env = { PATH: process.env.PATH ?? '', HOME: folder, XDG_RUNTIME_DIR: join(folder, 'run') };
  return spawnSync('systemd-analyze', ['verify', '--man=no', ...words], { encoding: 'utf8', env });
}

function plist(path: string): Record<string, unknown> {
  const { stdout } = spawnSync(
    'python3',
    ['-c', 'import json, plistlib, sys; print(json.dumps(plistlib.load(open(sys.argv[1], "rb"))))', path],
    {
      encoding: 'utf8',
    },
  );
  return JSON.parse(stdout) as Record<string, unknown>;
}
