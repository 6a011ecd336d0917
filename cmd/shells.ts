// The change of an environment as text for a shell to evaluate.
// Must not let a value become code: each shell has its own quoting.
import type { EnvironmentChange } from './environment.ts';

interface Shell {
  readonly set: (name: string, value: string) => string;
  readonly unset: (name: string) => string;
}

const posix: Shell = {
  set: (name, value) => `export ${name}='${value.replaceAll("'", "'\\''")}'`,
  unset: (name) => `unset ${name}`,
};

const SHELLS = {
  bash: posix,
  zsh: posix,
  fish: {
    set: (name, value) => `set -gx ${name} '${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`,
    unset: (name) => `set -e ${name}`,
  },
  powershell: {
    set: (name, value) => `$env:${name} = '${value.replaceAll("'", "''")}'`,
    unset: (name) => `Remove-Item Env:${name} -ErrorAction SilentlyContinue`,
  },
} as const satisfies Record<string, Shell>;

/** A shell whose syntax is known. */
export type ShellName = keyof typeof SHELLS;

/** All of them. */
export const SHELL_NAMES = Object.keys(SHELLS) as ShellName[];

/** One line a variable. */
export function shellText(shell: ShellName, { set, unset }: EnvironmentChange): string {
  const lines = [
    ...Object.entries(set).map(([name, value]) => SHELLS[shell].set(name, value)),
    ...unset.map((name) => SHELLS[shell].unset(name)),
  ];
  return lines.join('\n');
}

/** The shell whose syntax `$SHELL` takes; bash where that says nothing. */
export function shellOf(path: string | undefined, platform: NodeJS.Platform): ShellName {
  const name = path?.split('/').at(-1) ?? '';
  if (SHELL_NAMES.includes(name as ShellName)) return name as ShellName;
  if (name === 'pwsh') return 'powershell';
  return path === undefined && platform === 'win32' ? 'powershell' : 'bash';
}
