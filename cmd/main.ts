// Finds the command, runs it and turns what comes of it into one line and an exit code. Must not know what any
// command does.
import { homedir } from 'node:os';
import type { Command, Terminal } from './command.ts';
import { parseCommandLine, word } from './command-line.ts';
import { audit } from './commands/audit.ts';
import { breaker } from './commands/breaker.ts';
import { ca } from './commands/ca.ts';
import { complete } from './commands/complete.ts';
import { completion } from './commands/completion.ts';
import { daemon } from './commands/daemon.ts';
import { db } from './commands/db.ts';
import { demo } from './commands/demo.ts';
import { doctor } from './commands/doctor.ts';
import { env } from './commands/env.ts';
import { fidelity } from './commands/fidelity.ts';
import { limits } from './commands/limits.ts';
import { log } from './commands/log.ts';
import { metrics } from './commands/metrics.ts';
import { panic } from './commands/panic.ts';
import { profile } from './commands/profile.ts';
import { reload } from './commands/reload.ts';
import { rules } from './commands/rules.ts';
import { run } from './commands/run.ts';
import { service } from './commands/service.ts';
import { start } from './commands/start.ts';
import { status } from './commands/status.ts';
import { stop } from './commands/stop.ts';
import { system } from './commands/system.ts';
import { token } from './commands/token.ts';
import { transparent } from './commands/transparent.ts';
import { uninstall } from './commands/uninstall.ts';
import { usage } from './commands/usage.ts';
import { vault } from './commands/vault.ts';
import { forgetCompileCache } from './compile-cache.ts';
import { asTyped, EXIT, explain } from './failure.ts';
import { packageVersion } from './version.ts';

const COMMANDS: readonly Command[] = [
  start,
  stop,
  status,
  reload,
  run,
  env,
  system,
  transparent,
  token,
  profile,
  ca,
  rules,
  fidelity,
  metrics,
  log,
  limits,
  breaker,
  usage,
  audit,
  vault,
  db,
  service,
  doctor,
  panic,
  uninstall,
  demo,
  completion,
  complete,
  daemon,
];

/** The commands that a person types. */
const WORDS = COMMANDS.filter(({ summary }) => summary !== undefined).map(word);

async function main(argv: readonly string[]): Promise<number> {
  // The launcher says how it was called, so that hints can be typed as they stand.
  const self = process.env.SALLYPORT_SELF ?? 'sallyport';
  delete process.env.SALLYPORT_SELF;
  forgetCompileCache(process.env);
  const terminal: Terminal = {
    out: (text) => void process.stdout.write(`${text}\n`),
    err: (text) => void process.stderr.write(`${text}\n`),
    self,
    typed: (text) => asTyped(text, self, WORDS),
    isTty: process.stdout.isTTY === true,
  };
  try {
    const parsed = parseCommandLine({ commands: COMMANDS, self, version: packageVersion() }, argv);
    if (parsed.kind === 'text') terminal.out(parsed.text);
    if (parsed.kind === 'usage') terminal.err(`sallyport: ${parsed.line}`);
    if (parsed.kind !== 'call') return parsed.kind === 'text' ? EXIT.ok : EXIT.usage;
    const { command, ...call } = parsed;
    const invocation = {
      flags: call.flags,
      configFile: call.configFile,
      environment: process.env,
      cwd: process.cwd(),
      userHome: userHome(),
    };
    return await command.run({ args: call.args, rest: call.rest, json: call.json, invocation, terminal, commands: COMMANDS });
  } catch (thrown) {
    const { line, exitCode } = explain(thrown);
    terminal.err(`sallyport: ${terminal.typed(line)}`);
    return exitCode;
  }
}

/** A user whom no table names, as in a container or under DynamicUser=, may have none. */
function userHome(): string {
  try {
    return homedir();
  } catch {
    return '/';
  }
}

// `sallyport status | head -1`: a reader that has seen enough is no failure. Any other one has to be told.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return;
    writeFailure = `the output cannot be written (${error.code})`;
    if (stream === process.stdout) process.stderr.write(`sallyport: ${writeFailure}\n`);
    process.exitCode = EXIT.failed;
  });
}

let writeFailure: string | undefined;
const exitCode = await main(process.argv.slice(2));
process.exitCode = writeFailure === undefined ? exitCode : EXIT.failed;
