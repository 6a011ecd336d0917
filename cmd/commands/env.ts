// Prints the variables that lead this shell's programs through the proxy, for the shell to evaluate.
// Must not start a daemon: it says on standard error that there is none.
import { join } from 'node:path';
import { controlOf, NotRunning } from '../../src/proxy/control/call.ts';
import type { Connection } from '../../src/proxy/control/messages.ts';
import { pacFile } from '../../src/rules/pac.ts';
import { clientEnvironment, plannedConnection } from '../client-environment.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../failure.ts';
import { homeOf, loadSettings } from '../settings.ts';
import { HOOKED_SHELLS, type HookedShell, hookText } from '../shell-hook.ts';
import { SHELL_NAMES, type ShellName, shellOf, shellText } from '../shells.ts';

/** `sallyport env`. */
export const env: Command = {
  name: 'env',
  summary: 'print the variables for this shell, or the PAC file',
  settings: 'all',
  options: {
    shell: { type: 'string', describe: 'whose syntax; taken from $SHELL otherwise', choices: SHELL_NAMES },
    pac: { type: 'boolean', describe: 'print the proxy auto-configuration file instead' },
    hook: { type: 'string', describe: 'print a guard for this shell: it sets them only while the daemon answers', choices: HOOKED_SHELLS },
    'keep-attribution': { type: 'boolean', describe: "leave Claude Code's attribution header on" },
  },
  examples: [
    ['env', 'look at them'],
    ['env --shell fish', 'for fish; evaluate with: sallyport env --shell fish | source'],
    ['env --hook bash', 'for .bashrc: eval "$(sallyport env --hook bash)"; what it does without a daemon is when_down'],
    ['env --pac', 'for a browser or the system: intercepted hosts only'],
  ],
  run: async ({ args, json, invocation, terminal }) => {
    const home = homeOf(invocation);
    let connection: Connection | undefined;
    try {
      connection = await controlOf(home).connection();
    } catch (thrown) {
      if (!(thrown instanceof NotRunning)) throw thrown;
      connection = await plannedConnection(invocation);
      if (!connection) throw thrown;
      terminal.err(`sallyport: note: no daemon is running for ${home}; start one with: ${terminal.self} start`);
    }
    if (connection.needsToken)
      terminal.err(
        `sallyport: note: this proxy asks for a token: ${terminal.self} token create makes one, and it goes into the URL: http://any:TOKEN@${new URL(connection.proxyUrl).host}`,
      );
    if (args.pac === true) {
      const path = join(home, 'proxy.pac');
      const content = pacFile(new URL(connection.proxyUrl).host, connection.interceptedHosts);
      terminal.out(json ? JSON.stringify({ path, content }) : `// ${path}\n${content.trimEnd()}`);
      return EXIT.ok;
    }
    const change = clientEnvironment(home, connection, invocation.environment, args['keep-attribution'] === true);
    if (args.hook !== undefined) {
      const { hostname, port } = new URL(connection.proxyUrl);
      const { config, origins } = loadSettings(invocation);
      if (config.listen.port === 0)
        terminal.err(
          `sallyport: note: listen picks another port at each start (${origins.listen}): name one, or new shells lose the daemon`,
        );
      const guarded = { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port), change, whenDown: config.when_down };
      const text = hookText(args.hook as HookedShell, { ...guarded, inherited: invocation.environment });
      terminal.out(json ? JSON.stringify({ text }) : text);
      return EXIT.ok;
    }
    const shell = (args.shell as ShellName | undefined) ?? shellOf(invocation.environment.SHELL, process.platform);
    terminal.out(json ? JSON.stringify(change) : shellText(shell, change));
    return EXIT.ok;
  },
};
