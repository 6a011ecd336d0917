// The real CLIs the tests drive: which npm packages, which versions, and where they lie. Installs what is missing into a
// cache folder outside version control: $SALLYPORT_CLI_CACHE or .cache/clis. As a program it installs them all.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

interface CliPackage {
  readonly name: string;
  readonly version: string;
  readonly binary: string;
}

export const CLIS = {
  'claude-code': { name: '@anthropic-ai/claude-code', version: '2.1.330', binary: 'claude' },
  codex: { name: '@openai/codex', version: '0.169.0', binary: 'codex' },
  gemini: { name: '@google/gemini-cli', version: '0.61.0', binary: 'gemini' },
  copilot: { name: '@github/copilot', version: '1.0.102', binary: 'copilot' },
} as const satisfies Record<string, CliPackage>;

export type CliName = keyof typeof CLIS;

const INSTALL_MS = 280_000;

/** Folder that holds one folder for each CLI. */
export function cacheFolder(): string {
  return resolve(process.env.SALLYPORT_CLI_CACHE ?? join(import.meta.dirname, '../../.cache/clis'));
}

/** Path of the CLI's program; installs the pinned version first when it is not there. Throws with npm's words when that fails. */
export function installedCli(cli: CliName): string {
  const { name, version, binary } = CLIS[cli];
  const folder = join(cacheFolder(), cli);
  const program = join(folder, 'node_modules/.bin', binary);
  if (existsSync(program) && installedVersion(folder, name) === version) return program;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"private":true}\n');
  const args = ['install', '--no-audit', '--no-fund', '--loglevel=error', '--save-exact', `${name}@${version}`];
  const npm = spawnSync('npm', args, { cwd: folder, encoding: 'utf8', timeout: INSTALL_MS });
  if (npm.status !== 0) throw new Error(`npm could not install ${name}@${version}: ${npm.stderr || npm.error?.message}`);
  return program;
}

function installedVersion(folder: string, name: string): string | undefined {
  const file = join(folder, 'node_modules', name, 'package.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version : undefined;
}

if (import.meta.main) {
  for (const cli of Object.keys(CLIS) as CliName[]) console.log(cli, installedCli(cli));
}
