// Starts the daemon, in the background unless told otherwise, and says what to type next.
// Must not know what the daemon consists of.
import { shellWord } from '../../src/shell-word.ts';
import { startBackground } from '../background.ts';
import type { Call, Command } from '../command.ts';
import { logPath, streamSink } from '../log-sink.ts';
import { outlive, refuseSpies } from '../outlive.ts';
import { withPassphrase } from '../passphrase.ts';
import type { Ready } from '../ready.ts';
import { homeOf, loadSettings } from '../settings.ts';
import { noteOutdated } from '../trust/outdated.ts';
import { packageVersion } from '../version.ts';

/** `sallyport start`. */
export const start: Command = {
  name: 'start',
  summary: 'start the daemon',
  settings: 'all',
  options: { foreground: { type: 'boolean', describe: 'stay here and log to standard error; Ctrl-C stops' } },
  examples: [
    ['start', 'in the background, on 127.0.0.1:8898'],
    ['start --foreground --listen 127.0.0.1:0', 'here, on a free port'],
    ['start --intercept api.example.com --mask email=off', 'one more host, e-mail addresses left alone'],
  ],
  run: async (call) => {
    process.umask(0o077);
    if (call.args.foreground !== true) {
      const ready = await startBackground(call.invocation, false);
      // In the foreground they are in the log that the user sees.
      for (const notice of loadSettings(call.invocation).notices) call.terminal.err(`sallyport: note: ${notice}`);
      noteOutdated(call);
      greet(call, ready, `log: ${logPath(homeOf(call.invocation))}`);
      return 0;
    }
    refuseSpies(process.execArgv, process.env.NODE_OPTIONS);
    // The daemon brings half of npm along; the other commands start faster without it.
    const { startDaemon } = await import('../daemon.ts');
    const daemon = await startDaemon({
      invocation: await withPassphrase(call.invocation),
      version: packageVersion(),
      announces: true,
      sink: streamSink(process.stderr),
      logForm: process.stderr.isTTY ? 'line' : 'json',
      isEphemeral: false,
    });
    // Before the greeting: whoever reads it may send a signal at once.
    const ended = outlive(daemon);
    noteOutdated(call);
    greet(call, daemon.ready, 'stop with Ctrl-C');
    return ended;
  },
};

function greet({ json, terminal, invocation }: Call, ready: Ready, last: string): void {
  if (json) {
    terminal.out(JSON.stringify(ready));
    return;
  }
  const { self } = terminal;
  // Hints that work as they stand need what led to this home.
  const home = [invocation.flags.home].flat().at(-1);
  const [flag, value] = home === undefined ? ['--config', invocation.configFile] : ['--home', String(home)];
  const same = value === undefined ? '' : ` ${flag} ${shellWord(value)}`;
  const lines = [
    [`${self} run${same} -- claude`, 'run any AI CLI through it, nothing else changes'],
    [`eval "$(${self} env${same})"`, 'or set the variables of this shell'],
    [`${self} status${same}`, 'what it is doing'],
    [`${self} doctor${same}`, 'whether all is well'],
  ] as const;
  const width = Math.max(...lines.map(([line]) => line.length));
  terminal.out(`Sallyport listens on ${ready.listen} (pid ${ready.pid}, CA ${ready.ca}).\nNext:`);
  for (const [line, what] of lines) terminal.out(`  ${line.padEnd(width)}   ${what}`);
  terminal.out(`  ${last}`);
}
