// One scene with a real CLI, run as a process of its own so that it can sit in a network namespace with nothing but
// loopback: fake provider, plain relay, a Sallyport daemon, and the CLI once for each step. The job comes as JSON in
// argv, the result goes to a file as JSON. Every process is ended by its group id.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { FidelityReport } from '../../src/proxy/fidelity.ts';
import { type FakeProvider, type FakeProviderOptions, startFakeProvider } from '../support/fake-provider.ts';
import { type Gate, startGate } from '../support/gate.ts';
import { type Relay, startRelay } from '../support/relay.ts';
import { CA_VARIABLE, type CliSetting, promptArguments, signIn, VAULT_KEYS, WITHOUT_KEY } from './cli-runs.ts';
import { installedCli } from './install.ts';
import { ended, start } from './processes.ts';
import { REDIRECTED_SETTINGS, redirect, startRedirected } from './redirect.ts';
import { filesWith, markedKey, type Sightings, watchProcesses } from './sightings.ts';

/** Which way a step takes: `direct` is a plain CONNECT relay; `daemon` and `own-daemon` are `sallyport run`; `transparent` is no proxy variable at all. */
export type Way = 'direct' | 'daemon' | 'own-daemon' | 'transparent';

export interface Step {
  readonly way: Way;
  /** `{{cwd}}` in it stands for the working folder. */
  readonly prompt: string;
  /** Continues the conversation of the step before on the same way. */
  readonly again?: boolean;
  readonly timeoutMs?: number;
}

export interface StageJob {
  readonly setting: CliSetting;
  readonly provider?: Pick<FakeProviderOptions, 'alpn' | 'webSocket' | 'deflate' | 'compress'>;
  /** What lies in the working folder of each way before its first step, by name. */
  readonly files?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
  /** What the provider does at the beginning of each step: refuse that many model requests, or be down for a while. */
  readonly trouble?:
    | { readonly refusals: readonly { readonly status: number; readonly headers?: readonly string[] }[] }
    | { readonly downMs: number };
  /** What the configuration says of resilience. */
  readonly resilience?: object;
  /** Through Sallyport the CLI has no key: it is kept in the vault (VAULT_KEYS), and `run --with` hands out what stands for it. */
  readonly vault?: boolean;
}

/** What became of the key in the vault. */
export interface KeptKey {
  readonly key: string;
  /** What its variable held in the CLI's environment. */
  readonly placeholder: string;
  readonly processes: Sightings;
  /** Files with the key in them, in any form: of the CLI's home and working folder, and of Sallyport's home. */
  readonly files: readonly string[];
  /** What `vault list`, `vault show`, `log` and `audit export` print about it all. */
  readonly told: string;
  /** What `audit verify` says. */
  readonly verified: string;
}

/** A request as the provider saw it. */
export interface StageRequest {
  readonly connection: number;
  readonly protocol: string;
  readonly host: string;
  readonly method: string;
  readonly path: string;
  readonly headers: readonly string[];
  readonly body: string;
  readonly messages: readonly { readonly text: string; readonly compressed: boolean }[];
  readonly status: number;
}

export interface StepResult {
  readonly way: Way;
  readonly exit: number | null;
  readonly timedOut: boolean;
  readonly ms: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Files that the CLI's tools left in its working folder, by name. */
  readonly files: Readonly<Record<string, string>>;
  readonly requests: readonly StageRequest[];
  readonly connections: readonly {
    readonly id: number;
    readonly serverName: string | undefined;
    readonly ja4: string | undefined;
    readonly alpn: string | undefined;
    readonly resumed: boolean;
  }[];
  /** Everything the provider received in this step, as text. */
  readonly everything: string;
}

export interface StageResult {
  readonly steps: readonly StepResult[];
  /** What `sallyport fidelity` said at the end about each exchange, newest first; empty without a daemon of the stage's own. */
  readonly fidelity: readonly FidelityReport[];
  readonly daemonLog: string;
  readonly providerFailures: readonly string[];
  readonly kept: KeptKey | undefined;
}

const LAUNCHER = join(import.meta.dirname, '../../cmd/sallyport');
const STEP_MS = 60_000;

interface Scene {
  readonly job: StageJob;
  readonly folder: string;
  readonly provider: FakeProvider;
  /** The provider's front door. */
  readonly gate: Gate;
  /** Refusals that are still to come. */
  readonly refusals: { readonly status: number; readonly headers?: readonly string[] }[];
  readonly relay: Relay;
  readonly caFile: string;
}

/** Plays the job. */
async function play(job: StageJob): Promise<StageResult> {
  const folder = mkdtempSync(join(tmpdir(), 'sp-cli-'));
  const refusals: Scene['refusals'] = [];
  const provider = await startFakeProvider({ ...job.provider, refuse: () => refusals.shift() });
  const gate = await startGate(provider);
  const relay = await startRelay({ target: gate });
  const caFile = join(folder, 'provider-ca.pem');
  writeFileSync(caFile, provider.authority.pem);
  const scene: Scene = { job, folder, provider, gate, refusals, relay, caFile };
  const steps: StepResult[] = [];
  const way = job.steps.map((s) => s.way).find((w) => w === 'daemon' || w === 'transparent');
  const daemon = way && (await startDaemon(scene, way));
  try {
    if (way === 'transparent') await redirect(folder, job.setting.cli, (words) => ask(scene, words, undefined, way));
    const kept = job.vault ? await keepKey(scene) : undefined;
    for (const step of job.steps) steps.push(await runStep(scene, step));
    const fidelity = daemon
      ? (JSON.parse(await ask(scene, ['fidelity', '--json', '--last', '200'], undefined, way)) as FidelityReport[])
      : [];
    const providerFailures = provider.capture.failures.map(String);
    return { steps, fidelity, kept: await kept?.(), daemonLog: daemon?.log() ?? '', providerFailures };
  } finally {
    await daemon?.stop();
    await relay.close();
    await gate.close();
    await provider.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runStep(scene: Scene, step: Step): Promise<StepResult> {
  const { setting } = scene.job;
  const { capture } = scene.provider;
  const firstRequest = capture.requests.length;
  const firstConnection = capture.connections.length;
  const home = made(scene.folder, step.way, 'home');
  const cwd = made(scene.folder, step.way, 'work');
  const isVault = scene.job.vault === true && step.way !== 'direct';
  const environment = { ...bareEnvironment(home), ...(isVault ? WITHOUT_KEY[setting.cli] : signIn(setting, home)) };
  if (!step.again) for (const [name, text] of Object.entries(scene.job.files ?? {})) writeFileSync(join(cwd, name), text);
  const command = [installedCli(setting.cli), ...promptArguments(setting, step.prompt.replaceAll('{{cwd}}', cwd), step.again ?? false)];
  const { trouble } = scene.job;
  if (trouble && 'refusals' in trouble) scene.refusals.splice(0, Number.POSITIVE_INFINITY, ...trouble.refusals);
  if (trouble && 'downMs' in trouble) scene.gate.down(trouble.downMs);
  const started = performance.now();
  const run =
    step.way === 'transparent'
      ? startRedirected(scene.folder, command, { cwd, home }, environment)
      : step.way === 'direct'
        ? start(command, cwd, { ...environment, HTTPS_PROXY: scene.relay.url, [CA_VARIABLE[setting.cli]]: scene.caFile })
        : start(
            [LAUNCHER, 'run', '--home', sallyportHome(scene, step.way), ...(isVault ? ['--with', KEPT] : []), '--', ...command],
            cwd,
            environment,
          );
  const timedOut = await ended(run.child, step.timeoutMs ?? STEP_MS);
  const files = Object.fromEntries(
    readdirSync(cwd)
      .filter((f) => statSync(join(cwd, f)).isFile())
      .map((f) => [f, readFileSync(join(cwd, f), 'utf8')]),
  );
  const requests = capture.requests.slice(firstRequest);
  return {
    way: step.way,
    exit: run.child.exitCode,
    timedOut,
    ms: Math.round(performance.now() - started),
    stdout: run.stdout(),
    stderr: run.stderr(),
    files,
    requests: requests.map((r) => ({
      connection: r.connection.id,
      protocol: r.protocol,
      host: r.host,
      method: r.method,
      path: r.path,
      headers: r.headers,
      body: r.body.toString(),
      messages: r.messages.map(({ text, compressed }) => ({ text, compressed })),
      status: r.status,
    })),
    connections: capture.connections.slice(firstConnection).map((c) => ({
      id: c.id,
      serverName: c.hello?.serverName,
      ja4: c.hello?.ja4,
      alpn: c.alpn,
      resumed: c.resumed,
    })),
    everything: requests
      .map((r) => [r.target, r.headers.join('\n'), r.body.toString('latin1'), ...r.messages.map((m) => m.text)].join('\n'))
      .join('\n'),
  };
}

/** The folder for `--home`, with a configuration that leads every name to the fake provider. */
function sallyportHome(scene: Scene, way: Way): string {
  const home = made(scene.folder, way, 'sallyport');
  const { host, port } = scene.gate;
  const settings = {
    listen: '127.0.0.1:0',
    connect_to: [`*=${host}:${port}`],
    upstream_ca: [scene.caFile],
    ...(way === 'transparent' && REDIRECTED_SETTINGS),
    ...(scene.job.resilience && { resilience: scene.job.resilience }),
  };
  writeFileSync(join(home, 'sallyport.yaml'), JSON.stringify(settings));
  return home;
}

async function startDaemon(scene: Scene, way: Way): Promise<{ log(): string; stop(): Promise<void> }> {
  const home = sallyportHome(scene, way);
  const ready = join(scene.folder, 'ready.json');
  const run = start([LAUNCHER, 'start', '--foreground', '--home', home, '--ready-file', ready], scene.folder, bareEnvironment(home));
  for (let i = 0; !existsWhole(ready); i++) {
    if (run.child.exitCode !== null || i > 400) throw new Error(`the daemon did not start: ${run.stderr()}${run.stdout()}`);
    await pause(50);
  }
  return {
    log: run.stderr,
    stop: async () => {
      run.child.kill('SIGTERM');
      await ended(run.child, 10_000);
    },
  };
}

function existsWhole(file: string): boolean {
  try {
    return Boolean(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return false;
  }
}

/** What a command says on standard output about the daemon's home. Throws what it complains about. */
async function ask(scene: Scene, words: readonly string[], input?: string, way: Way = 'daemon'): Promise<string> {
  const home = sallyportHome(scene, way);
  const run = start([LAUNCHER, ...words, '--home', home], scene.folder, bareEnvironment(home), input);
  await ended(run.child, 10_000);
  if (run.child.exitCode !== 0) throw new Error(`sallyport ${words.join(' ')}: ${run.stderr()}${run.stdout()}`);
  return run.stdout();
}

const KEPT = 'own';

/** Keeps a key that was never anywhere else, and watches; what is returned says where it was seen. */
async function keepKey(scene: Scene): Promise<() => Promise<KeptKey>> {
  const { hosts, prefix, length } = VAULT_KEYS[scene.job.setting.cli];
  const key = markedKey(prefix, length);
  const seen = watchProcesses(key);
  await ask(scene, ['vault', 'set', KEPT, '--host', hosts.join(',')], `${key}\n`);
  const placeholder = (await ask(scene, ['vault', 'placeholder', KEPT])).trim();
  return async () => {
    const commands = [
      ['vault', 'list'],
      ['vault', 'show', KEPT],
      ['log', '--json'],
      ['audit', 'export'],
    ];
    const told: string[] = [];
    for (const words of commands) told.push(await ask(scene, words));
    const verified = await ask(scene, ['audit', 'verify']);
    return { key, placeholder, processes: seen(placeholder), files: filesWith(scene.folder, key), told: told.join('\n'), verified };
  };
}

function made(...parts: string[]): string {
  const folder = join(...parts);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/** Nothing inherited but PATH, and of that not the project's own tools: the CLIs run on the machine's Node. */
function bareEnvironment(home: string): Record<string, string> {
  const path = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((p) => !p.includes('node_modules'))
    .join(delimiter);
  const kept = process.env.SALLYPORT_NODE === undefined ? {} : { SALLYPORT_NODE: process.env.SALLYPORT_NODE };
  return { PATH: path, HOME: home, USER: 'tester', SHELL: '/bin/sh', TERM: 'dumb', LANG: 'C.UTF-8', NO_COLOR: '1', ...kept };
}

if (import.meta.main) {
  const [job, resultFile] = process.argv.slice(2);
  const result = await play(JSON.parse(job!) as StageJob);
  writeFileSync(resultFile!, JSON.stringify(result));
}
