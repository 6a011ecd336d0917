// What the word under the cursor can become, for each place on the line.
import { expect, test } from 'vitest';
import type { Command } from '../../../cmd/command.ts';
import { completionsOf } from '../../../cmd/completion.ts';

const run = async () => 0;
const ids = async ({ flags, configFile }: { flags: Readonly<Record<string, unknown>>; configFile: string | undefined }) => [
  'no-mail',
  'no-tokens',
  ...[flags.home, configFile].flatMap((one) => (typeof one === 'string' ? one : [])),
];
const COMMANDS: readonly Command[] = [
  {
    name: 'start',
    summary: 'start it',
    settings: 'all',
    options: { foreground: { type: 'boolean', describe: 'here' } },
    examples: [],
    run,
  },
  { name: 'run', summary: 'run it', settings: 'home', takesCommand: true, examples: [], run },
  {
    name: 'rules <command> [names..]',
    summary: 'the rules',
    settings: 'home',
    positionals: { command: { describe: 'what', choices: ['list', 'add', 'remove', 'scan', 'break'] }, names: { describe: 'which' } },
    names: {
      remove: ids,
      scan: 'file',
      break: async () => {
        throw new Error('locked');
      },
    },
    options: {
      action: { type: 'string', describe: 'does', choices: ['block', 'mask'], actions: ['add'] },
      kinds: { type: 'string', describe: 'of', isList: true, names: async () => ['email', 'phone', 'ssn'], actions: ['add'] },
      before: { type: 'string', describe: 'where', names: ids, actions: ['add'] },
      free: { type: 'string', describe: 'anything', actions: ['add'] },
      policy: { type: 'string', describe: 'by', names: 'file', actions: ['scan'] },
    },
    examples: [],
    run,
  },
  { name: 'fidelity [host]', summary: 'compare', settings: 'home', positionals: { host: { describe: 'which' } }, examples: [], run },
  { name: 'daemon', summary: undefined, settings: 'home', examples: [], run },
];
const INVOCATION = { flags: { home: 'not asked for' }, configFile: undefined, environment: {}, cwd: '/', userHome: '/' };
const offer = (line: string) => completionsOf(COMMANDS, line.split(' '), INVOCATION);
const words = async (line: string) => (await offer(line)).words.map(({ word }) => word);

test.each([
  ['', ['start', 'run', 'rules', 'fidelity']],
  ['r', ['run', 'rules']],
  ['d', []],
  ['--h', ['--help']],
  ['daemon ', []],
  ['nope ', []],
  ['start --fo', ['--foreground']],
  ['start --idle', ['--idle-seconds']],
  ['rules ', ['list', 'add', 'remove', 'scan', 'break']],
  ['rules --home /x re', ['remove']],
  ['rules --json re', ['remove']],
  ['rules remove ', ['no-mail', 'no-tokens']],
  ['rules remove no-mail ', ['no-tokens']],
  ['rules --home /x --config=/c remove /', ['/x', '/c']],
  ['rules list ', []],
  ['rules break ', []],
  ['rules list --', ['--home', '--config', '--json', '--help']],
  ['rules add --', ['--action', '--kinds', '--before', '--free', '--home', '--config', '--json', '--help']],
  ['rules --a', ['--action']],
  ['rules add --action ', ['block', 'mask']],
  ['rules add --action=b', ['--action=block']],
  ['rules add --action =', ['block', 'mask']],
  ['rules add --action = b', ['block']],
  ['rules add --action = block --before no-t', ['no-tokens']],
  ['rules add --kinds email,', ['email,phone', 'email,ssn']],
  ['rules add --kinds=email,p', ['--kinds=email,phone']],
  ['rules add --free ', []],
  ['rules add --nope=', []],
  ['fidelity ', []],
] as const)('«%s» can become %j', async (line, wanted) => {
  expect(await words(line)).toEqual(wanted);
});

test.each(['rules scan ', 'rules scan --policy x', 'rules scan --policy=x', 'start --home ', 'run -- cla'])(
  '«%s» is a file',
  async (line) => {
    expect(await offer(line)).toEqual({ kind: 'files', words: [] });
  },
);

test('commands and options come with what they are', async () => {
  expect((await offer('sta')).words).toEqual([{ word: 'start', describe: 'start it' }]);
  expect((await offer('start --for')).words).toEqual([{ word: '--foreground', describe: 'here' }]);
});
