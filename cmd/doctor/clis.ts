// The AI CLIs in PATH: version, and whether this shell has what each needs to come to us and to trust us. The table is what was measured
// on the wire. Must not run a CLI for anything but its version, nor in a folder with settings of a project.
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { inPath } from '../in-path.ts';
import { runBounded } from './bounded.ts';
import { type Finding, found } from './finding.ts';

type Environment = Readonly<Record<string, string | undefined>>;

interface Cli {
  readonly file: string;
  /** Variables that name the CA, each enough by itself. */
  readonly roots: readonly string[];
  /** The system's store is enough too. */
  readonly isSystemEnough: boolean;
  /** Without it it goes past every proxy. */
  readonly obeysWith?: string;
}

const NODE = ['NODE_EXTRA_CA_CERTS'];
const BUN = ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE'];

/** All of the variables are set by `run` and `env`. */
const CLIS: readonly Cli[] = [
  { file: 'claude', roots: BUN, isSystemEnough: true },
  { file: 'codex', roots: ['CODEX_CA_CERTIFICATE', 'SSL_CERT_FILE'], isSystemEnough: true },
  { file: 'gemini', roots: NODE, isSystemEnough: false },
  { file: 'copilot', roots: BUN, isSystemEnough: true },
  { file: 'opencode', roots: BUN, isSystemEnough: true },
  { file: 'qwen', roots: NODE, isSystemEnough: false },
  { file: 'pi', roots: NODE, isSystemEnough: false },
  { file: 'amp', roots: BUN, isSystemEnough: true },
  { file: 'auggie', roots: NODE, isSystemEnough: false, obeysWith: 'NODE_USE_ENV_PROXY' },
  { file: 'letta', roots: NODE, isSystemEnough: false, obeysWith: 'NODE_USE_ENV_PROXY' },
];

/** What the check is made with. */
export interface CliOptions {
  readonly environment: Environment;
  /** HTTPS_PROXY of this shell is the daemon that runs. */
  readonly leadsHere: boolean;
  /** Our certificate; undefined while there is none. */
  readonly caPem: string | undefined;
  readonly timeoutMs?: number;
}

const VERSION_MS = 5000;

/** One finding for each that is there. */
export async function checkClis(options: CliOptions): Promise<readonly Finding[]> {
  const here = CLIS.flatMap((cli) => {
    const path = inPath([cli.file], options.environment.PATH);
    return path === undefined ? [] : [{ cli, path }];
  });
  if (here.length === 0) return [found.info('CLIs', 'none of the known AI CLIs is in PATH')];
  return Promise.all(here.map(async ({ cli, path }) => findingOf(cli, await versionOf(path, options), options)));
}

function findingOf(cli: Cli, version: string, { environment, leadsHere, caPem }: CliOptions): Finding {
  const check = `CLI ${cli.file}`;
  const standings = cli.roots.map((name) => ({ name, standing: standingOf(environment[name], caPem) }));
  const ways = [...standings.map(({ name, standing }) => `${name} (${standing})`), ...(cli.isSystemEnough ? ["the system's store"] : [])];
  const past = cli.obeysWith !== undefined && !environment[cli.obeysWith];
  const proxy = leadsHere ? 'HTTPS_PROXY leads here' : 'HTTPS_PROXY does not lead here';
  const obeys = cli.obeysWith === undefined ? '' : `, ${cli.obeysWith} is ${past ? 'not ' : ''}set`;
  const text = `${version}; trusts through ${ways.join(' or ')}; ${proxy}${obeys}`;
  const isTold = standings.some(({ standing }) => standing === 'set');
  if (leadsHere && (past || (!isTold && !cli.isSystemEnough))) return found.warn(check, text, 'eval "$(sallyport env)"');
  return leadsHere && isTold ? found.ok(check, text) : found.info(check, text);
}

function standingOf(file: string | undefined, caPem: string | undefined): 'set' | 'not set' | 'set to roots without our CA' {
  if (!file) return 'not set';
  const own = /-----BEGIN CERTIFICATE-----[^-]+/.exec(caPem ?? '')?.[0].trim();
  try {
    return own !== undefined && readFileSync(file, 'utf8').includes(own) ? 'set' : 'set to roots without our CA';
  } catch {
    return 'set to roots without our CA';
  }
}

async function versionOf(path: string, { environment, timeoutMs = VERSION_MS }: CliOptions): Promise<string> {
  const { stdout, isLate } = await runBounded(path, ['--version'], { environment, cwd: tmpdir(), timeoutMs });
  return (
    /\d+\.\d+[\w.+-]*/.exec(stdout)?.[0] ?? (isLate ? `version unknown (it did not say within ${timeoutMs / 1000} s)` : 'version unknown')
  );
}
