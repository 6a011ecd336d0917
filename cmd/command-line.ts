// The command line to a command and its call, by yargs.
// Must not run anything, print or exit: it says what is to be done.
import yargs, { type Argv } from 'yargs';
import { flagName } from '../src/config.ts';
import { KEYS, type KeyRow } from '../src/config-keys.ts';
import { didYouMean, nearest } from '../src/nearest.ts';
import type { Command } from './command.ts';
import { commaList, declaredOption, keysOf, optionsOf, settingOption, takesMany } from './command-options.ts';

/** What a command line asks for. */
export type Parsed =
  | {
      readonly kind: 'call';
      readonly command: Command;
      readonly args: Readonly<Record<string, unknown>>;
      readonly flags: Readonly<Record<string, unknown>>;
      readonly configFile: string | undefined;
      readonly json: boolean;
      readonly rest: readonly string[];
    }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'usage'; readonly line: string };

/** What a command line is read against. */
export interface CommandLine {
  readonly commands: readonly Command[];
  /** How the user calls us. */
  readonly self: string;
  readonly version: string;
}

const WIDTH = 110;
/** Stands for the word `-`, which yargs would drop where it takes many words. */
const DASH = '\u0000-';

/** Never throws. `argv` without node and script. */
export function parseCommandLine({ commands, self, version }: CommandLine, argv: readonly string[]): Parsed {
  const gap = argv.indexOf('--');
  const own = gap < 0 ? argv : argv.slice(0, gap);
  const rest = gap < 0 ? [] : argv.slice(gap + 1);
  const wrong = unknownWord(commands, own, self) ?? switchWithValue(commands, own);
  if (wrong !== undefined) return { kind: 'usage', line: wrong };

  let picked: { command: Command; args: Record<string, unknown> } | undefined;
  let parser = yargs()
    .locale('en')
    .scriptName('sallyport')
    .usage('$0 COMMAND [OPTIONS]\n\nYour AI command-line tools, unchanged; what leaves is masked, what comes back is whole.')
    .parserConfiguration({
      'camel-case-expansion': false,
      'dot-notation': false,
      'greedy-arrays': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
    })
    .wrap(WIDTH)
    .exitProcess(false)
    .version(version)
    .help()
    .strict()
    .demandCommand(1, 'which command?')
    .epilog(`${self} COMMAND --help shows the options of a command and examples.`);
  for (const command of commands) {
    parser = parser.command({
      command: command.name,
      describe: (command.summary ?? false) as string,
      builder: (y: Argv) => declare(y, command),
      handler: (args) => {
        picked = { command, args: lastOf(args, command) };
      },
    }) as Argv;
  }
  let text = '';
  let error: Error | undefined | null;
  parser.parse(
    own.map((given) => (given === '-' ? DASH : given)),
    {},
    (err: Error | undefined | null, _argv: unknown, output: string) => {
      error = err;
      text = output;
    },
  );
  if (error) return { kind: 'usage', line: rephrased(error.message.replaceAll(DASH, '-'), commands, own, self) };
  if (!picked) return { kind: 'text', text };
  const { command, args } = picked;
  const stray = strayOption(command, args, self);
  if (stray !== undefined) return { kind: 'usage', line: stray };
  if (gap >= 0 && !command.takesCommand) return { kind: 'usage', line: `${word(command)} takes nothing behind --` };
  const config = args.config;
  return {
    kind: 'call',
    command,
    args,
    flags: flagsOf(args),
    configFile: typeof config === 'string' ? config : undefined,
    json: args.json === true,
    rest,
  };
}

/** Of an option that was given twice the last one counts, unless it takes many; of words in one place all do. */
function lastOf(args: Readonly<Record<string, unknown>>, command: Command): Record<string, unknown> {
  const many = new Set([
    ...(Object.entries(KEYS) as [string, KeyRow][]).filter(([, row]) => takesMany(row)).map(([key]) => flagName(key).slice(2)),
    ...Object.keys(command.positionals ?? {}).filter((name) => command.name.includes(`${name}..`)),
  ]);
  const lists = new Set(Object.entries(command.options ?? {}).flatMap(([name, { isList }]) => (isList ? name : [])));
  return Object.fromEntries(
    Object.entries(args).map(([name, value]) => {
      if (lists.has(name)) return [name, commaList(value)];
      if (!Array.isArray(value)) return [name, value === DASH ? '-' : value];
      const all = value.map((one: unknown) => (one === DASH ? '-' : one));
      return [name, name !== '_' && !many.has(name) ? all.at(-1) : all];
    }),
  );
}

/** The first word of a command's name. */
export function word(command: Command): string {
  return command.name.split(' ')[0]!;
}

function declare(y: Argv, command: Command): Argv {
  let out = y.usage(`$0 ${command.name}${command.takesCommand ? ' -- COMMAND [ARGUMENTS]' : ''}\n\n${command.summary ?? ''}`).epilog('');
  for (const [name, p] of Object.entries(command.positionals ?? {}))
    out = out.positional(name, { describe: p.describe, type: 'string', ...(p.choices && { choices: p.choices }) });
  for (const [name, option] of Object.entries(command.options ?? {})) out = out.option(name, declaredOption(option));
  for (const key of keysOf(command)) out = out.option(flagName(key).slice(2), settingOption(KEYS[key]));
  out = out
    .option('config', {
      type: 'string',
      requiresArg: true,
      describe: 'configuration to read instead of <home>/sallyport.yaml [FILE]',
      group: 'Settings:',
    })
    .option('json', { type: 'boolean', describe: 'print JSON' });
  for (const [line, what] of command.examples) out = out.example(`$0 ${line}`, what);
  return out;
}

function flagsOf(args: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const given = Object.keys(KEYS).map((key) => [key, args[flagName(key).slice(2)]] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

/** The first word decides; yargs would only say that it is unknown. */
function unknownWord(commands: readonly Command[], own: readonly string[], self: string): string | undefined {
  const first = own[0];
  if (first === undefined || first.startsWith('-') || commands.some((c) => word(c) === first)) return undefined;
  const near = nearest(first, commands.filter((c) => c.summary !== undefined).map(word));
  return `there is no command «${first}»; ${near === undefined ? `${self} --help lists them` : `did you mean: ${self} ${near}`}`;
}

/** yargs takes `--foreground=1` for false: what is neither true nor false would start what was not asked for. */
function switchWithValue(commands: readonly Command[], own: readonly string[]): string | undefined {
  const command = commands.find((c) => word(c) === own[0]);
  const switches = new Set(['json', 'help', 'version']);
  for (const [name, option] of Object.entries(command?.options ?? {})) if (option.type === 'boolean') switches.add(name);
  for (const [key, row] of Object.entries(KEYS) as [string, KeyRow][]) if (row.kind === 'switch') switches.add(flagName(key).slice(2));
  for (const given of own) {
    const [, name, value] = /^--(?:no-)?([^=]+)=(.*)$/s.exec(given) ?? [];
    if (name !== undefined && switches.has(name) && !/^(?:true|false)$/.test(value!))
      return `--${name} takes no value but true or false, not «${value}»`;
  }
  return undefined;
}

function rephrased(message: string, commands: readonly Command[], own: readonly string[], self: string): string {
  const command = commands.find((c) => word(c) === own[0]);
  const help = `${self} ${command ? `${word(command)} ` : ''}--help`;
  const line = message
    .split('\n')
    .map((l) => l.trim())
    .filter((l) => l !== '')
    .join(' ');
  const unknown = /^Unknown arguments?: ([^,]+)/.exec(line)?.[1];
  if (unknown !== undefined) return `${unknownArgument(unknown, command, own, self)}; see ${help}`;
  const [, option, given] = /^Invalid values: Argument: (\S+), Given: "(.*?)"/.exec(line) ?? [];
  const choices = command?.options?.[option ?? '']?.choices;
  if (choices) return `--${option} takes ${choices.join(', ')}${didYouMean(given!, choices)}; see ${help}`;
  const choice = Object.entries(command?.positionals ?? {}).find(([, p]) => p.choices);
  if (command && choice && /^(Not enough non-option|Invalid values)/.test(line)) {
    return `${word(command)} takes ${oneOf(choice[1].choices!)}${didYouMean(own[1] ?? '', choice[1].choices!)}; see ${help}`;
  }
  return `${line.charAt(0).toLowerCase()}${line.slice(1)}; see ${help}`;
}

/** `a, b or c`. */
function oneOf(words: readonly string[]): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

/** An option that belongs to another action. */
function strayOption(command: Command, args: Readonly<Record<string, unknown>>, self: string): string | undefined {
  const place = /[<[](\w+)[>\]]/.exec(command.name)?.[1] ?? '';
  // Where the action may be left out, the first one is meant.
  const action = String(args[place] ?? command.positionals?.[place]?.choices?.[0]);
  for (const [name, { actions }] of Object.entries(command.options ?? {}))
    if (actions && args[name] !== undefined && !actions.includes(action))
      return `--${name} belongs to ${word(command)} ${oneOf(actions)}, not to ${action}; see ${self} ${word(command)} --help`;
  return undefined;
}

function unknownArgument(unknown: string, command: Command | undefined, own: readonly string[], self: string): string {
  const isFlag = own.some((w) => w.startsWith('-') && w.replace(/^-+(no-)?/, '').split('=')[0] === unknown.replace(/^no-/, ''));
  if (isFlag)
    return `there is no option --${unknown} here${didYouMean(unknown, command ? optionNames(command) : ['help', 'version'], '--')}`;
  const behind = command?.takesCommand ? `: the command goes behind --, as in ${self} ${word(command)} -- ${unknown}` : '';
  return `«${unknown}» is one word too many${behind}`;
}

function optionNames(command: Command): string[] {
  return [...optionsOf(command).map(({ name }) => name), 'version'];
}
