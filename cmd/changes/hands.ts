// What programs are run with: an argv array and never a shell; as we are, or as root through the asking program of the user's own terminal.
// No password is seen, kept or passed on here. Must not know what is changed, nor why.
import { spawn } from 'node:child_process';
import { delimiter, isAbsolute, join } from 'node:path';
import { shellWord } from '../../src/shell-word.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import { isProgram } from '../in-path.ts';
import type { Run } from './change.ts';

/** How a program ended. */
export interface Ended {
  /** 127 where it is not there. */
  readonly code: number;
  /** All it said, both streams in one, cut at 1 MiB. */
  readonly output: string;
}

/** What reaches the system; tests hand in their own. */
export interface Hands {
  /** Undefined on Windows. */
  readonly userId: number | undefined;
  /** The program's path, in PATH or where systems keep what only root runs. */
  find(program: string): string | undefined;
  /** Never rejects. Standard input is `input` and nothing else. */
  spawn(argv: readonly string[], how: { readonly env: Run['env']; readonly input: string | Uint8Array }): Promise<Ended>;
}

/** Who does it, and who hears of it. */
export interface Doing {
  readonly hands: Hands;
  readonly tell: (line: string) => void;
  /** What to do by hand where a program fails; left out: its command itself. */
  readonly manual?: string | undefined;
}

/** Where programs for root are, which PATH of other users seldom names. */
const ROOTS_PLACES = ['/usr/local/sbin', '/usr/sbin', '/sbin'];
const ENDINGS = process.platform === 'win32' ? ['', '.exe'] : [''];
const PATIENCE_MS = 300_000;
/** A list of every root with its fingerprint is tens of kilobytes. */
const MAX_OUTPUT = 1_048_576;

/** The hands of this process. */
export function ownHands(environment: Readonly<Record<string, string | undefined>>): Hands {
  const places = [...(environment.PATH ?? '').split(delimiter).filter(isAbsolute), ...(process.platform === 'win32' ? [] : ROOTS_PLACES)];
  return {
    userId: process.getuid?.(),
    find: (program) =>
      (isAbsolute(program) ? [program] : places.map((place) => join(place, program)))
        .flatMap((path) => ENDINGS.map((ending) => `${path}${ending}`))
        .find(isProgram),
    spawn: (argv, { env, input }) =>
      new Promise((resolve) => {
        const [file = '', ...words] = argv;
        const pieces: Buffer[] = [];
        let size = 0;
        const child = spawn(file, words, {
          // Whoever asks for a password opens the terminal itself: it cannot come through here.
          stdio: 'pipe',
          env: { ...withoutOurs(environment), PATH: places.join(delimiter), LC_ALL: 'C', ...env },
          timeout: PATIENCE_MS,
        });
        const take = (piece: Buffer) => {
          if (size < MAX_OUTPUT) pieces.push(piece);
          size += piece.length;
        };
        child.stdout.on('data', take);
        child.stderr.on('data', take);
        child.stdin.on('error', () => {});
        child.stdin.end(input);
        const output = () => Buffer.concat(pieces).toString().slice(0, MAX_OUTPUT);
        child.once('error', (error) => resolve({ code: 127, output: error.message }));
        child.once('close', (code) => resolve({ code: code ?? 128, output: output() }));
      }),
  };
}

/** Whether we are root already; where there are no user ids, as on Windows, nobody is to be become. */
export function isRoot({ userId }: Hands): boolean {
  return userId === 0 || userId === undefined;
}

/** A run whose input may be bytes. */
type Order = Omit<Run, 'input'> & { readonly input?: string | Uint8Array | undefined };

/** Runs it to its end, as root where it has to be. `tell` hears a line before anybody is asked for a password. Throws CommandFailure where nobody can be asked. */
export async function carryOut(run: Order, hands: Hands, tell: (line: string) => void): Promise<Ended> {
  const { argv, env, input = '' } = run;
  if (!run.root || isRoot(hands)) return hands.spawn(argv, { env, input });
  const asker = askerFor(hands, asRoot(run));
  tell(`root is needed for: ${shown(run)}`);
  const variables = Object.entries(env ?? {}).map(([name, value]) => `${name}=${value}`);
  const whole = [asker.program, ...asker.words, ...(variables.length > 0 ? ['env', ...variables] : []), ...argv];
  return hands.spawn(whole, { env: undefined, input });
}

/** Carries it out and throws CommandFailure for any end but exit code 0 and those in `fine`: the command, its code, its last words, and what to do by hand. */
export async function mustRun(
  run: Order,
  { hands, tell, manual = byHand(run, hands) }: Doing,
  fine: readonly number[] = [],
): Promise<void> {
  const { code, output } = await carryOut(run, hands, tell);
  if (code === 0 || fine.includes(code)) return;
  const last = output.trim().split('\n').at(-1)?.trim().slice(0, 200);
  const why = code === 127 ? 'is not there' : `failed with exit code ${code}`;
  throw new CommandFailure(EXIT.failed, `${shown(run)} ${why}${last ? ` (${last})` : ''}; by hand: ${manual}`);
}

/** Throws CommandFailure where only root may run it, we are not, and nobody is there to ask. */
export function refuseRootless(run: Order, hands: Hands): void {
  if (run.root) refuseWithoutRoot(hands, asRoot(run));
}

function askerFor(hands: Hands, manual: string): (typeof ASKERS)[number] {
  const found = ASKERS.find(({ program }) => hands.find(program) !== undefined);
  if (found) return found;
  throw new CommandFailure(EXIT.failed, `only root may do this, and there is neither sudo, doas nor pkexec here; ${manual}`);
}

const asRoot = (run: Order): string => `as root: ${shown(run)}`;

/** Ways to become root that ask at the terminal themselves. */
const ASKERS: readonly { readonly program: string; readonly words: readonly string[] }[] = [
  { program: 'sudo', words: ['--'] },
  { program: 'doas', words: [] },
  { program: 'pkexec', words: [] },
];

/** Before anything is written down: throws CommandFailure where what only root may do cannot be done, since nobody can be asked. */
export function refuseWithoutRoot(hands: Hands, manual: string): void {
  if (!isRoot(hands)) askerFor(hands, manual);
}

/** The command as it can be typed into a POSIX shell, variables in front. */
export function shown({ argv, env }: Order): string {
  return [...Object.entries(env ?? {}).map(([name, value]) => `${name}=${shellWord(value)}`), ...argv.map(shellWord)].join(' ');
}

/** The same, with sudo where the user is not root. */
export function byHand(run: Order, hands: Hands): string {
  return `${run.root && !isRoot(hands) ? 'sudo ' : ''}${shown(run)}`;
}

/** What opens the vault is nobody else's. */
function withoutOurs(environment: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('SALLYPORT_')));
}
