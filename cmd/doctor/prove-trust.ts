// Whether the runtimes on this machine trust the CA, each by a real handshake with the daemon that runs: as this shell has it, and with
// the variables that `run` sets. Must not reach anybody but the daemon, nor show what a program said.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROBE_ANSWER, PROBE_HOST } from '../../src/probe-host.ts';
import { inPath } from '../in-path.ts';
import { type Ended, runBounded } from './bounded.ts';
import { type Finding, found } from './finding.ts';
import type { Runtime } from './runtime.ts';
import { bun } from './runtimes/bun.ts';
import { cargo } from './runtimes/cargo.ts';
import { curl } from './runtimes/curl.ts';
import { deno } from './runtimes/deno.ts';
import { git } from './runtimes/git.ts';
import { go } from './runtimes/go.ts';
import { java } from './runtimes/java.ts';
import { node } from './runtimes/node.ts';
import { openssl } from './runtimes/openssl.ts';
import { python } from './runtimes/python.ts';
import { ruby } from './runtimes/ruby.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Each there is a file for. */
export const RUNTIMES: readonly Runtime[] = Object.freeze([node, bun, deno, python, ruby, go, cargo, java, git, curl, openssl]);

/** What the proof is led with. */
export interface ProofOptions {
  /** Of this shell, without what opens the vault. */
  readonly inherited: Environment;
  /** The same as `run` changes it. */
  readonly underRun: Environment;
  /** The daemon's, with credentials where it asks for them. */
  readonly proxyUrl: string;
  /** This shell sends its programs through the daemon. */
  readonly leadsHere: boolean;
}

type Outcome = 'trusts' | 'distrusts' | 'late' | 'failed';

const TIMEOUT_MS = 15_000;
/** So many programs at once: a machine has other things to do. */
const AT_ONCE = 4;

/** One finding for each runtime that PATH leads to. Takes as long as the slowest of them, at most its deadline and its turn. */
export async function checkRuntimes(options: ProofOptions, runtimes = RUNTIMES): Promise<readonly Finding[]> {
  const here = runtimes.flatMap((runtime) => {
    const path = inPath(runtime.files, options.inherited.PATH);
    return path === undefined ? [] : [{ runtime, path }];
  });
  if (here.length === 0) return [found.info('runtimes', 'none of those that doctor knows is in PATH')];
  const turns = openTurns(AT_ONCE);
  return Promise.all(
    here.map(async ({ runtime, path }) => {
      const ask = (environment: Environment) => turns(() => prove(runtime, path, environment, options.proxyUrl));
      const [bare, run] = await Promise.all([ask(options.inherited), ask(options.underRun)]);
      return findingOf(runtime, path, bare, run, options.leadsHere);
    }),
  );
}

function findingOf(runtime: Runtime, path: string, bare: Outcome, run: Outcome, leadsHere: boolean): Finding {
  const check = `runtime ${runtime.name}`;
  if (bare === 'trusts' && run === 'trusts') return found.ok(check, `${path} trusts the CA, shown by a handshake`);
  if (run === 'trusts') {
    const text = `${path} trusts the CA under \`sallyport run\`, ${bare === 'distrusts' ? 'not' : 'and cannot be asked'} in this shell`;
    return leadsHere ? found.warn(check, text, 'eval "$(sallyport env)"') : found.info(check, text);
  }
  if (bare === 'trusts') return found.warn(check, `${path} trusts the CA in this shell, not under \`sallyport run\``, runtime.fix);
  if (run === 'distrusts') return found.warn(check, `${path} does not trust the CA, not even under \`sallyport run\``, runtime.fix);
  const why = run === 'late' ? 'gave no answer in time' : 'failed before there was a handshake';
  return found.warn(check, `${path} ${why}`, `try it: sallyport run -- ${runtime.name} ..., or look at what PATH leads to`);
}

async function prove(runtime: Runtime, path: string, environment: Environment, proxyUrl: string): Promise<Outcome> {
  let folder: string | undefined;
  try {
    // Empty, so that no settings of a project are read and nothing is left anywhere.
    folder = mkdtempSync(join(tmpdir(), 'sallyport-probe-'));
    const probe = runtime.probe({ url: `https://${PROBE_HOST}/probe.git`, host: PROBE_HOST, proxy: new URL(proxyUrl) });
    if (probe.file) writeFileSync(join(folder, probe.file.name), probe.file.text, { mode: 0o600 });
    const ended = await runBounded(path, probe.args, {
      environment: { ...environment, ...leading(proxyUrl), ...probe.environment },
      cwd: folder,
      timeoutMs: runtime.timeoutMs ?? TIMEOUT_MS,
      ...(probe.input === undefined ? {} : { input: probe.input }),
    });
    return outcomeOf(runtime, ended);
  } catch {
    return 'failed';
  } finally {
    if (folder !== undefined) remove(folder);
  }
}

/** Whatever the environment says of proxies, the probe goes to the daemon. */
function leading(proxyUrl: string): Environment {
  const gone = Object.fromEntries(['NO_PROXY', 'no_proxy', 'ALL_PROXY', 'all_proxy'].map((name) => [name, undefined]));
  return { ...gone, HTTPS_PROXY: proxyUrl, https_proxy: proxyUrl };
}

const DISTRUST = /certificate|x509|PKIX|issuer|CERT_|SELF_SIGNED|UNABLE_TO|unknown.?ca/i;

function outcomeOf({ provenBy }: Runtime, ended: Ended): Outcome {
  const proven = provenBy ? provenBy(ended) : ended.exitCode === 0 && ended.stdout.includes(PROBE_ANSWER.trim());
  if (proven) return 'trusts';
  if (ended.isLate) return 'late';
  return DISTRUST.test(ended.stderr) || DISTRUST.test(ended.stdout) ? 'distrusts' : 'failed';
}

function remove(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 2 });
  } catch {
    // A program that was ended may still have held it open.
  }
}

/** Lets `count` run at once; the others wait for their turn. */
function openTurns(count: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let free = count;
  return async (work) => {
    if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve));
    else free--;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
}
