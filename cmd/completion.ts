// What the word under the cursor can become, from the table of commands. The same for every shell: their scripts only ask.
// Must not print, nor fail because a name cannot be looked up: then there is nothing to offer.
import type { Command, Names } from './command.ts';
import { word } from './command-line.ts';
import { type OptionFacts, optionsOf } from './command-options.ts';
import type { Invocation } from './settings.ts';

/** What the shell is to offer: these words, or files. */
export interface Offer {
  readonly kind: 'words' | 'files';
  readonly words: readonly { readonly word: string; readonly describe: string }[];
}

const FILES: Offer = { kind: 'files', words: [] };
const NOTHING: Offer = { kind: 'words', words: [] };

/** What stands before the cursor, read. */
interface Typed {
  readonly positionals: readonly string[];
  /** Values by option, the last one. */
  readonly values: Readonly<Record<string, string>>;
  /** The option that waits for its value. */
  readonly open: OptionFacts | undefined;
}

/** `typed`: the words behind the program's name as the shell cuts them, the last one up to the cursor. */
export async function completionsOf(commands: readonly Command[], typed: readonly string[], invocation: Invocation): Promise<Offer> {
  const { words, isCut } = joined(typed);
  const current = words.at(-1) ?? '';
  const [first, ...before] = words.slice(0, -1);
  const shown = commands.filter(({ summary }) => summary !== undefined);
  if (first === undefined) {
    if (current.startsWith('-')) return offered(['--help', '--version'], current);
    return { kind: 'words', words: shown.flatMap((one) => startsWith(current, word(one), one.summary)) };
  }
  const command = shown.find((one) => word(one) === first);
  if (!command) return NOTHING;
  if (before.includes('--')) return FILES;
  const { positionals, values, open } = read(before, optionsOf(command));
  const [choices] = Object.values(command.positionals ?? {}).map((positional) => positional.choices);
  const action = choices ? positionals[0] : '';
  const own = optionsOf(command).filter(({ actions }) => !actions || action === undefined || actions.includes(action));
  const asked: Invocation = { ...invocation, flags: values.home === undefined ? {} : { home: values.home }, configFile: values.config };
  if (open) return valuesOf(open, current, '', asked);
  const [, name, value] = /^--([^=]+)=(.*)$/s.exec(current) ?? [];
  if (name !== undefined) {
    const option = own.find((one) => one.name === name);
    return option ? valuesOf(option, value!, isCut ? '' : `--${name}=`, asked) : NOTHING;
  }
  if (current.startsWith('-')) return { kind: 'words', words: own.flatMap((one) => startsWith(current, `--${one.name}`, one.describe)) };
  if (choices && positionals.length === 0) return offered(choices, current);
  return named(command.names?.[action ?? ''], current, '', asked, positionals);
}

/** bash cuts `--name=value` into three words. */
function joined(typed: readonly string[]): { readonly words: readonly string[]; readonly isCut: boolean } {
  const words: string[] = [];
  let isCut = false;
  for (const [i, one] of typed.entries()) {
    const last = words.at(-1);
    const goesOn = last !== undefined && ((one === '=' && /^--[^=]+$/.test(last)) || (typed[i - 1] === '=' && /^--[^=]+=$/.test(last)));
    if (goesOn) words[words.length - 1] = last + one;
    else words.push(one);
    isCut = goesOn;
  }
  return { words, isCut };
}

function read(before: readonly string[], options: readonly OptionFacts[]): Typed {
  const positionals: string[] = [];
  const values: Record<string, string> = {};
  let open: OptionFacts | undefined;
  for (const one of before) {
    const [, name, value] = /^--([^=]+)(?:=(.*))?$/s.exec(one) ?? [];
    if (open) {
      values[open.name] = one;
      open = undefined;
    } else if (name === undefined) positionals.push(one);
    else if (value !== undefined) values[name] = value;
    else open = options.find((option) => option.name === name && option.takesValue);
  }
  return { positionals, values, open };
}

function valuesOf(option: OptionFacts, current: string, head: string, invocation: Invocation): Promise<Offer> | Offer {
  const { choices, names, isList } = option;
  if (choices) return offered(choices, current, head);
  if (!isList) return named(names, current, head, invocation, []);
  const comma = current.lastIndexOf(',') + 1;
  return named(names, current.slice(comma), head + current.slice(0, comma), invocation, current.slice(0, comma).split(','));
}

async function named(
  names: Names | undefined,
  current: string,
  head: string,
  invocation: Invocation,
  used: readonly string[],
): Promise<Offer> {
  if (names === undefined) return NOTHING;
  if (names === 'file') return FILES;
  try {
    const all = await names(invocation);
    return offered(
      all.filter((name) => !used.includes(name)),
      current,
      head,
    );
  } catch {
    return NOTHING;
  }
}

function offered(words: readonly string[], current: string, head = ''): Offer {
  return { kind: 'words', words: words.flatMap((one) => startsWith(current, one, '').map((found) => ({ ...found, word: head + one }))) };
}

function startsWith(current: string, own: string, describe: string | undefined): Offer['words'] {
  return own.startsWith(current) ? [{ word: own, describe: describe ?? '' }] : [];
}
