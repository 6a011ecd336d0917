// systemd as the keeper: the units in systemd/, with the paths of this installation and the address of the settings.
// Must not run anything itself.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Run, RunUndo } from '../changes/change.ts';
import { type Keeper, type Kept, keyOf, type State, type Surroundings } from './keeper.ts';
import { systemdProgram, systemdQuoted, systemdWord } from './manager-words.ts';

const SERVICE = 'sallyport.service';
const SOCKET = 'sallyport.socket';
/** How the units in the repository name the program. */
const NAMED = '/usr/bin/env sallyport';
/** PATH of a service of the machine (systemd.exec(5), Environment Variables in Spawned Processes). */
const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** systemd, of the user or of the machine. */
export function systemd(around: Surroundings): Keeper {
  const { scope } = around;
  const folder = unitFolder(around);
  const path = join(folder, SERVICE);
  const run = (...words: string[]): Run => ({
    argv: ['systemctl', ...(scope === 'user' ? ['--user'] : []), ...words],
    ...(scope === 'system' && { root: true as const }),
  });
  const start = [run('daemon-reload'), run('enable', '--now', SOCKET, SERVICE)];
  // The socket first, or a connection would start the daemon again.
  const undoBefore = [SOCKET, SERVICE].map((unit): RunUndo => ({ ...run('disable', '--now', unit), ifExists: join(folder, unit) }));
  return {
    environment:
      scope === 'user'
        ? around.environment
        : { XDG_DATA_HOME: join(around.rootFolder, '/var/lib'), XDG_CONFIG_HOME: join(around.rootFolder, '/etc') },
    absent: async (hands) => {
      if (hands.find('systemctl') === undefined) return 'there is no systemd on this machine';
      const { code, output } = await hands.spawn(asked(run('show', '--property=Version')), { env: undefined, input: '' });
      return code === 0 ? undefined : `systemd cannot be reached (${output.trim().split('\n').at(-1) || `exit code ${code}`})`;
    },
    order: (kept) => ({
      by: 'service',
      key: keyOf(scope),
      what: `the service of ${scope === 'user' ? 'the user' : 'the machine'}: ${path}, and ${SOCKET} beside it`,
      write: [
        { path: join(folder, SOCKET), content: socketUnit(kept, scope), mode: 0o644 },
        { path, content: serviceUnit(kept, scope), mode: 0o644 },
      ],
      run: start,
      undoBefore,
      undoAfter: [run('daemon-reload')],
    }),
    start,
    look: async (hands) => {
      const properties = '--property=LoadState,ActiveState,SubState,UnitFileState,MainPID,FragmentPath';
      const { code, output } = await hands.spawn(asked(run('show', properties, SERVICE)), { env: undefined, input: '' });
      return parseShow(code === 0 ? output : '', path);
    },
    logs: ({ follow, lines, json }) => [
      'journalctl',
      scope === 'user' ? `--user-unit=${SERVICE}` : `--unit=${SERVICE}`,
      `--lines=${lines}`,
      ...(follow ? ['--follow'] : ['--no-pager']),
      json ? '--output=json' : '--output=cat',
    ],
    hints:
      scope === 'user'
        ? ['it starts when you log in and ends when you log out; loginctl enable-linger lets it stay']
        : [
            'its programs and yours are different users: give them a token, or name them in allow_uids',
            'its CA certificate is /run/sallyport/ca.pem',
          ],
    purge:
      scope === 'user'
        ? undefined
        : {
            what: '/var/lib/sallyport, with its CA and its vault',
            // What runs is not cleaned.
            before: [run('stop', SOCKET, SERVICE), run('clean', '--what=state', SERVICE)],
            after: [],
          },
  };
}

/** Asking needs no root. */
function asked({ argv }: Run): readonly string[] {
  return argv;
}

function unitFolder({ scope, userHome, environment, rootFolder }: Surroundings): string {
  if (scope === 'system') return join(rootFolder, '/etc/systemd/system');
  const config = environment.XDG_CONFIG_HOME;
  return join(config?.startsWith('/') ? config : join(userHome, '.config'), 'systemd/user');
}

/** The unit of this installation. Throws CommandFailure for paths that do not go into one. */
function serviceUnit({ program, home, configFile, speaksItself }: Kept, scope: Surroundings['scope']): string {
  const [first = '', ...words] = program.words;
  const start = [systemdProgram(first), ...words.map(systemdWord)].join(' ');
  const same = [
    ...(home === undefined ? [] : ['--home', systemdWord(home)]),
    ...(configFile === undefined ? [] : ['--config', systemdWord(configFile)]),
  ];
  const path = program.nodeFolder === undefined ? [] : [`Environment=${systemdQuoted(`PATH=${program.nodeFolder}:${SYSTEM_PATH}`)}`];
  return template(program.root, scope, SERVICE)
    .replace(/^Exec(?:Start|Reload)=.*$/gm, (line) => [line.replace(NAMED, () => start), ...same].join(' '))
    .replace(/^ExecStart=/m, (line) => [...path, line].join('\n'))
    .replace(/^NotifyAccess=main$/m, speaksItself ? '$&' : 'NotifyAccess=all');
}

function socketUnit({ program, listen }: Kept, scope: Surroundings['scope']): string {
  return template(program.root, scope, SOCKET).replace(/^ListenStream=.*$/m, () => `ListenStream=${listen}`);
}

function template(root: string, scope: Surroundings['scope'], name: string): string {
  return readFileSync(join(root, 'systemd', scope === 'user' ? 'user' : '', name), 'utf8');
}

/** What `systemctl show` says; a unit that was never seen has LoadState=not-found. */
function parseShow(output: string, path: string): State {
  const facts = Object.fromEntries(output.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
  const isInstalled = facts.LoadState !== undefined && facts.LoadState !== 'not-found';
  return {
    isInstalled,
    isRunning: facts.ActiveState === 'active' || facts.ActiveState === 'reloading',
    isEnabled: facts.UnitFileState === 'enabled',
    pid: Number(facts.MainPID) || undefined,
    summary: isInstalled ? `${facts.ActiveState} (${facts.SubState})` : 'not installed',
    path: facts.FragmentPath || path,
  };
}
