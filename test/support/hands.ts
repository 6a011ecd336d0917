// Hands that touch nothing: each program that would be run is written down, with its environment and input, and ends as the test says.
import type { Hands } from '../../cmd/changes/hands.ts';

export interface Spawned {
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

export interface RecordedHands extends Hands {
  readonly spawned: readonly Spawned[];
}

export interface RecordedHandsOptions {
  /** root unless given. */
  readonly userId?: number | undefined;
  /** Names of programs that are not there. All others are, in /bin. */
  readonly missing?: readonly string[];
  /** The exit code and output of a program; 0 and nothing unless it says otherwise. */
  readonly ends?: (argv: readonly string[], spawned: Spawned) => { readonly code: number; readonly output?: string } | undefined;
}

export function recordedHands({ userId = 0, missing = [], ends = () => undefined }: RecordedHandsOptions = {}): RecordedHands {
  const spawned: Spawned[] = [];
  return {
    userId,
    spawned,
    find: (program) => (missing.includes(program) ? undefined : program.startsWith('/') ? program : `/bin/${program}`),
    spawn: async (argv, { env, input }) => {
      const one = { argv, ...(env && { env }), ...(input.length > 0 && { input: String(input) }) };
      spawned.push(one);
      if (missing.includes(argv[0] ?? '')) return { code: 127, output: 'not found' };
      const { code = 0, output = '' } = ends(argv, one) ?? {};
      return { code, output };
    },
  };
}
