// The options of a command: how each is told to yargs, and the facts that completing them takes. The keys of the configuration are options too.
// Must not know any command.
import type { Options } from 'yargs';
import { flagName } from '../src/config.ts';
import { type ConfigKey, KEYS, type KeyRow } from '../src/config-keys.ts';
import type { Command, CommandOption } from './command.ts';

/** An option as whoever completes it has to know it. */
export interface OptionFacts extends Pick<CommandOption, 'describe' | 'choices' | 'isList' | 'actions' | 'names'> {
  /** Without the hyphens. */
  readonly name: string;
  readonly takesValue: boolean;
}

/** Every option that a command takes. */
export function optionsOf(command: Command): readonly OptionFacts[] {
  const own = Object.entries(command.options ?? {}).map(([name, option]) => ({ ...option, name, takesValue: option.type === 'string' }));
  const settings = keysOf(command).map((key): OptionFacts => {
    const { kind, help, argument }: KeyRow = KEYS[key];
    const isPath = argument === 'FILE' || argument === 'DIR';
    return { name: flagName(key).slice(2), describe: help, takesValue: kind !== 'switch', ...(isPath && { names: 'file' as const }) };
  });
  const common: readonly OptionFacts[] = [
    { name: 'config', describe: 'configuration to read', takesValue: true, names: 'file' },
    { name: 'json', describe: 'print JSON', takesValue: false },
    { name: 'help', describe: 'show what it takes', takesValue: false },
  ];
  return [...own, ...settings, ...common];
}

/** The keys of the configuration that are flags of the command. */
export function keysOf({ settings }: Command): ConfigKey[] {
  const all = Object.keys(KEYS) as ConfigKey[];
  return settings === 'all' ? all : all.filter((key) => key === 'home' || (settings !== 'home' && settings.includes(key)));
}

/** For yargs: an option of the command's own. */
export function declaredOption(option: CommandOption): Options {
  return {
    type: option.type,
    describe: option.actions ? `${option.actions.join(', ')}: ${option.describe}` : option.describe,
    ...(option.type === 'string' && { requiresArg: true }),
    ...(option.isList && { array: true }),
    ...(option.choices && { choices: option.choices }),
    ...(option.default !== undefined && { default: option.default }),
  };
}

/** For yargs: a key of the configuration. */
export function settingOption(row: KeyRow): Options {
  const describe = row.argument === '' ? row.help : `${row.help} [${row.argument}]`;
  if (row.kind === 'switch') return { type: 'boolean', describe, group: 'Settings:' };
  return { type: 'string', requiresArg: true, array: takesMany(row), describe, group: 'Settings:' };
}

/** Whether a key may be given more than once. */
export function takesMany(row: KeyRow): boolean {
  return row.kind === 'list' || row.kind === 'map' || row.kind === 'objects';
}

/** The values of an option that takes a list; undefined where it was not given. */
export function commaList(value: unknown): string[] | undefined {
  if (value === undefined) return undefined;
  return [value].flat().flatMap((text) =>
    String(text)
      .split(',')
      .map((one) => one.trim()),
  );
}
