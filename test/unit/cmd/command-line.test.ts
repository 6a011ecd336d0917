import { expect, test } from 'vitest';
import type { Command } from '../../../cmd/command.ts';
import { parseCommandLine } from '../../../cmd/command-line.ts';
import { CommandFailure, EXIT, explain, listenFailure } from '../../../cmd/failure.ts';
import { ConfigError } from '../../../src/config-file.ts';
import { Fault } from '../../../src/fault.ts';
import { NotRunning } from '../../../src/proxy/control/call.ts';

const run = async () => 0;
const COMMANDS: readonly Command[] = [
  {
    name: 'start',
    summary: 'start it',
    settings: 'all',
    options: { foreground: { type: 'boolean', describe: 'here' } },
    examples: [['start', 'just so']],
    run,
  },
  {
    name: 'ca <action>',
    summary: 'the CA',
    settings: 'home',
    positionals: { action: { describe: 'what', choices: ['show', 'export'] } },
    examples: [],
    run,
  },
  { name: 'run', summary: 'run it', settings: 'all', takesCommand: true, examples: [], run },
  {
    name: 'fidelity [host]',
    summary: 'compare',
    settings: 'home',
    positionals: { host: { describe: 'which' } },
    options: { last: { type: 'string', describe: 'n', default: '1' } },
    examples: [],
    run,
  },
  {
    name: 'look <action> [files..]',
    summary: 'look at files',
    settings: ['mask'],
    positionals: { action: { describe: 'what', choices: ['near', 'far'] }, files: { describe: 'which' } },
    options: {
      kinds: { type: 'string', describe: 'of', isList: true, actions: ['near'] },
      deep: { type: 'boolean', describe: 'so', actions: ['far'] },
    },
    examples: [],
    run,
  },
  { name: 'daemon', summary: undefined, settings: 'home', examples: [], run },
];
const parse = (...argv: string[]) => parseCommandLine({ commands: COMMANDS, self: 'sp', version: '1.2.3' }, argv);

test('flags of the settings come as text under the names of the keys', () => {
  expect(
    parse(
      'start',
      '--listen',
      '127.0.0.1:0',
      '--intercept',
      'a',
      '--intercept=b',
      '--allow-remote',
      '--json',
      '--config',
      'c',
      '--max-body-bytes',
      '9',
    ),
  ).toMatchObject({
    kind: 'call',
    command: { name: 'start' },
    flags: { listen: '127.0.0.1:0', intercept: ['a', 'b'], allow_remote: true, max_body_bytes: '9' },
    configFile: 'c',
    json: true,
    rest: [],
  });
  expect(parse('start', '--no-allow-remote')).toMatchObject({ flags: { allow_remote: false } });
  expect(parse('start', '--listen', '1', '--listen', '2')).toMatchObject({ flags: { listen: '2' } });
  expect(parse('start', '--config', 'a', '--config', 'b', '--mask', 'x', '--mask', 'y')).toMatchObject({
    configFile: 'b',
    flags: { mask: ['x', 'y'] },
  });
  expect(parse('start')).toMatchObject({ flags: {}, json: false, configFile: undefined });
});

test('many words in one place stay many, in order, as they were typed, and - is one of them', () => {
  expect(parse('look', 'near', '007', '-', 'b')).toMatchObject({ kind: 'call', args: { action: 'near', files: ['007', '-', 'b'] } });
  expect(parse('look', 'near', '-')).toMatchObject({ args: { files: ['-'] } });
  expect(parse('fidelity', '-')).toMatchObject({ args: { host: '-' } });
  expect(parse('start', '-')).toMatchObject({ kind: 'usage', line: expect.stringContaining('«-»') });
});

test('a command may take some of the settings', () => {
  expect(parse('look', 'far', '--mask', 'email=off', '--home', 'h')).toMatchObject({ flags: { mask: ['email=off'], home: 'h' } });
  expect(parse('look', 'far', '--listen', '1')).toMatchObject({ kind: 'usage', line: expect.stringContaining('no option --listen here') });
});

test('words behind -- are the command’s, whatever they look like', () => {
  expect(parse('run', '--home', 'h', '--', 'claude', '--help', '--', '-x')).toMatchObject({
    kind: 'call',
    rest: ['claude', '--help', '--', '-x'],
    flags: { home: 'h' },
  });
  expect(parse('run')).toMatchObject({ kind: 'call', rest: [] });
});

test('positionals and defaults', () => {
  expect(parse('ca', 'show')).toMatchObject({ args: { action: 'show' } });
  expect(parse('fidelity', '0123')).toMatchObject({ args: { host: '0123', last: '1' } });
  expect(parse('fidelity')).toMatchObject({ args: { last: '1' } });
});

test('a list is an array, with commas and given again; an option belongs to its actions', () => {
  expect(parse('look', 'near', '--kinds', 'a, b', 'file', '--kinds=c')).toMatchObject({
    args: { kinds: ['a', 'b', 'c'], files: ['file'] },
  });
  expect(parse('look', 'far', '--deep')).toMatchObject({ args: { deep: true } });
  expect(parse('look', '--help')).toMatchObject({ text: expect.stringContaining('near: of') });
});

test('help and version are text; the hidden command is in neither', () => {
  const all = parse('--help');
  expect(all).toMatchObject({ kind: 'text', text: expect.stringContaining('start it') });
  expect(JSON.stringify(all)).not.toContain('daemon');
  expect(parse('start', '--help')).toMatchObject({ kind: 'text', text: expect.stringContaining('just so') });
  expect(parse('--version')).toEqual({ kind: 'text', text: '1.2.3' });
});

test.each([
  [['strat'], 'there is no command «strat»; did you mean: sp start'],
  [['xyzzyxyzzy'], 'there is no command «xyzzyxyzzy»; sp --help lists them'],
  [['demon'], 'there is no command «demon»; sp --help lists them'],
  [[], 'which command?; see sp --help'],
  [['--nope'], 'there is no option --nope here; see sp --help'],
  [['start', '--lisen=1'], 'there is no option --lisen here (did you mean «--listen»?); see sp start --help'],
  [['start', '--no-forground'], 'there is no option --forground here (did you mean «--foreground»?)'],
  [['start', 'extra'], '«extra» is one word too many; see sp start --help'],
  [['run', 'claude'], '«claude» is one word too many: the command goes behind --, as in sp run -- claude; see sp run --help'],
  [['ca'], 'ca takes show or export; see sp ca --help'],
  [['ca', 'exprot'], 'ca takes show or export (did you mean «export»?); see sp ca --help'],
  [['ca', 'show', '--intercept', 'x'], 'there is no option --intercept here'],
  [['look', 'far', '--kinds', 'a'], '--kinds belongs to look near, not to far; see sp look --help'],
  [['look', 'near', '--deep'], '--deep belongs to look far, not to near; see sp look --help'],
  [['start', '--home'], 'not enough arguments following: home; see sp start --help'],
  [['start', '--', 'x'], 'start takes nothing behind --'],
  // `--foreground=1` was taken for «not in the foreground»: a daemon nobody had asked for stayed behind, with exit code 0.
  [['start', '--foreground=1'], '--foreground takes no value but true or false, not «1»'],
  [['start', '--no-foreground=perhaps'], '--foreground takes no value but true or false, not «perhaps»'],
  [['start', '--allow-remote=maybe'], '--allow-remote takes no value but true or false, not «maybe»'],
  [['start', '--json='], '--json takes no value but true or false, not «»'],
])('%j is a usage error of one line', (argv, line) => {
  const parsed = parse(...argv);
  expect(parsed).toMatchObject({ kind: 'usage', line: expect.stringContaining(line) });
  expect(JSON.stringify(parsed)).not.toContain('\\n');
});

test('what was thrown becomes one line and a code', () => {
  expect(explain(new CommandFailure(EXIT.notRunning, 'x'))).toMatchObject({ line: 'x', exitCode: 3 });
  expect(explain(new NotRunning('/h'))).toEqual({ line: 'no daemon is running for /h; start one with: sallyport start', exitCode: 3 });
  expect(explain(new ConfigError('flag', 'l'))).toEqual({ line: 'l', exitCode: 2 });
  expect(explain(new ConfigError('file', 'l'))).toEqual({ line: 'l', exitCode: 1 });
  expect(explain(new Fault('bad-request', 'the detail'))).toEqual({ line: 'the detail', exitCode: 1 });
  expect(explain(new Fault('internal'))).toEqual({ line: 'The proxy failed; see its log.', exitCode: 1 });
  expect(explain(new Error('one\n  at two'))).toEqual({ line: 'one', exitCode: 1 });
  expect(explain('text').line).toBe('text');
  expect(explain(new Error('')).line).toBe('failed without a reason');
});

test('an address that cannot be listened on says what to do', () => {
  for (const code of ['EADDRINUSE', 'EACCES', 'EADDRNOTAVAIL', 'EAFNOSUPPORT'])
    expect(listenFailure({ code }, { host: 'a', port: 1 })?.message).toMatch(/^.*a:1 .*--listen HOST:PORT/);
  // Which of the two ports it is, is known by the error alone.
  expect(listenFailure({ code: 'EADDRINUSE', port: 2 }, { host: 'a', port: 1 }, 2)?.message).toMatch(/^port 2 .*--transparent-port PORT/);
  expect(listenFailure({ code: 'EMFILE' }, { host: 'a', port: 1 })).toBeUndefined();
});
