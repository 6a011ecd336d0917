// launchd as the keeper: the property lists in launchd/, with the paths of this installation. Must not run anything itself.
// launchd hands sockets over by a call of its own that Node has no word for, so the daemon opens its port itself.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Run } from '../changes/change.ts';
import { logPath } from '../log-sink.ts';
import { type Keeper, type Kept, keyOf, type Surroundings } from './keeper.ts';
import { xmlText } from './manager-words.ts';

/** The user of the daemon of a whole Mac. */
const USER = '_sallyport';
const STATE = '/Library/Application Support/Sallyport';
/** How the lists in the repository name the program, and the log. */
const NAMED = '    <string>/usr/local/bin/sallyport</string>\n';
const LOG = '/Library/Logs/Sallyport/sallyport.log';

/** launchd, of the user or of the machine. */
export function launchd(around: Surroundings): Keeper {
  const { scope, userHome, userId, rootFolder } = around;
  const label = scope === 'user' ? 'org.sallyport.agent' : 'org.sallyport.daemon';
  const domain = scope === 'user' ? `gui/${userId}` : 'system';
  const target = `${domain}/${label}`;
  const path = join(
    scope === 'user' ? join(userHome, 'Library/LaunchAgents') : join(rootFolder, '/Library/LaunchDaemons'),
    `${label}.plist`,
  );
  const run = (...argv: string[]): Run => ({ argv, ...(scope === 'system' && { root: true as const }) });
  const begin = [run('launchctl', 'enable', target), run('launchctl', 'bootstrap', domain, path)];
  const state = join(rootFolder, STATE);
  return {
    environment: scope === 'user' ? around.environment : { SALLYPORT_HOME: state },
    absent: async (hands) => {
      if (hands.find('launchctl') === undefined) return 'there is no launchd on this machine';
      if (scope === 'user') return undefined;
      const { code } = await hands.spawn(['id', '-u', USER], { env: undefined, input: '' });
      return code === 0 ? undefined : `the user ${USER} is not there: sudo sysadminctl -addUser ${USER} -roleAccount -UID 390 makes it`;
    },
    order: (kept) => ({
      by: 'service',
      key: keyOf(scope),
      what: `the service of ${scope === 'user' ? 'the user' : 'the machine'}: ${path}`,
      write: [{ path, content: list(kept, label, kept.home ?? state), mode: 0o644 }],
      run: [...(scope === 'system' ? [run('install', '-d', '-m', '0700', '-o', USER, state)] : []), ...begin],
      undoBefore: [{ ...run('launchctl', 'bootout', target), when: run('launchctl', 'print', target) }],
    }),
    start: begin,
    look: async (hands) => {
      const { code, output } = await hands.spawn(['launchctl', 'print', target], { env: undefined, input: '' });
      const word = /^\s*state = (.+)$/m.exec(output)?.[1];
      const isInstalled = code === 0 || existsSync(path);
      return {
        isInstalled,
        isRunning: code === 0 && word === 'running',
        isEnabled: code === 0,
        pid: Number(/^\s*pid = (\d+)$/m.exec(output)?.[1]) || undefined,
        summary: isInstalled ? (code === 0 ? (word ?? 'loaded') : 'not loaded') : 'not installed',
        path,
      };
    },
    logs: ({ follow, lines, home }) => ['tail', '-n', String(lines), ...(follow ? ['-F'] : []), logPath(scope === 'user' ? home : state)],
    hints:
      scope === 'user'
        ? ['it starts when you log in and ends when you log out']
        : ['its programs and yours are different users: give them a token'],
    purge:
      scope === 'user' ? undefined : { what: `${state}, with its CA and its vault`, before: [], after: [run('rm', '-rf', '--', state)] },
  };
}

/** The list of this installation. Throws CommandFailure for paths that do not go into one. */
function list({ program, configFile, listen }: Kept, label: string, home: string): string {
  const words = [...program.words, 'start', '--foreground', '--home', home, '--listen', listen];
  if (configFile !== undefined) words.push('--config', configFile);
  const strings = words.map((word) => `    <string>${xmlText(word)}</string>\n`).join('');
  const path = program.nodeFolder === undefined ? '' : pathEntry(program.nodeFolder);
  return readFileSync(join(program.root, 'launchd', `${label}.plist`), 'utf8')
    .replace(`${NAMED}    <string>start</string>\n    <string>--foreground</string>\n`, () => strings)
    .replace('  <key>RunAtLoad</key>', (key) => `${path}${key}`)
    .replaceAll(LOG, () => xmlText(logPath(home)));
}

function pathEntry(nodeFolder: string): string {
  const path = xmlText(`${nodeFolder}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin`);
  return `  <key>EnvironmentVariables</key>\n  <dict>\n    <key>PATH</key>\n    <string>${path}</string>\n  </dict>\n`;
}
