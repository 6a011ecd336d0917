// `npm run bench [-- --seconds 5 --only direct,sallyport --no-micro]`: everyone on loopback in one run, load, proxy and upstream each in a
// process of its own; then the micro-benchmarks. Prints tables and writes bench/results.json. Absolute figures move from run to run: read the ratios.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { makeTestAuthority } from '../test/support/certificates.ts';
import { CONTENDERS, firstLine, type Ground, type Running, stop } from './contenders.ts';
import { FIGURES, type Figures, judge, type Micro } from './goals.ts';
import type { Job, Outcome } from './load.ts';
import type { Target } from './wire.ts';

const { values: options } = parseArgs({
  options: { seconds: { type: 'string', default: '5' }, only: { type: 'string' }, 'no-micro': { type: 'boolean', default: false } },
});
const seconds = Number(options.seconds);
const names = options.only?.split(',') ?? Object.keys(CONTENDERS);
const here = import.meta.dirname;

const ground = prepareGround();
const upstream = spawn(process.execPath, [join(here, 'upstream.ts'), ground.work], { stdio: ['ignore', 'pipe', 'inherit'] });
const runs: Record<string, Figures> = {};
let micro: Micro = {};
try {
  const port = Number(await firstLine(upstream));
  for (const name of names) {
    console.log(`# ${name}`);
    runs[name] = await measure(name, port);
  }
  if (!options['no-micro']) micro = await runMicro();
} finally {
  await stop(upstream, 'SIGKILL');
  rmSync(ground.work, { recursive: true, force: true });
}
report();

function prepareGround(): Ground {
  const work = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
  const host = 'api.anthropic.com';
  const authority = makeTestAuthority('bench');
  const { cert, key } = authority.leaf(host);
  writeFileSync(join(work, 'ca.pem'), authority.pem);
  writeFileSync(join(work, 'upstream.pem'), cert);
  writeFileSync(join(work, 'upstream.key'), key, { mode: 0o600 });
  return { work, host };
}

async function measure(name: string, port: number): Promise<Figures> {
  const start = CONTENDERS[name];
  if (!start) throw new Error(`nobody is called ${name}: ${Object.keys(CONTENDERS).join(', ')}`);
  // The first start makes keys and the store; the second is the one a user waits for.
  await (await start(ground)).stop();
  const running = await start(ground);
  try {
    return await drive(running, { host: ground.host, port, proxyPort: running.proxyPort });
  } finally {
    await running.stop();
  }
}

async function drive(running: Running, target: Target): Promise<Figures> {
  await wait(1000);
  const rssIdleMib = rssMib(running.pid);
  let rss100StreamsMib = Number.NaN;
  await load(target, { kind: 'hold', streams: 100, events: 60, gapMs: 50 }, async () => {
    await wait(1000);
    rss100StreamsMib = rssMib(running.pid);
  });
  const first200 = await load(target, { kind: 'firstToken', bytes: 200_000, turns: 15 });
  const first2m = await load(target, { kind: 'firstToken', bytes: 2_000_000, turns: 9 });
  const sse = await load(target, { kind: 'sse', streams: 32, events: 100, gapMs: 20 });
  await load(target, { kind: 'get', seconds: 1, connections: 8 });
  const get = await load(target, { kind: 'get', seconds, connections: 16 });
  const tunnels = await load(target, { kind: 'tunnels', seconds, connections: 8 });
  const post = await load(target, { kind: 'post', seconds, connections: 8, bytes: 100_000 });
  return {
    getPerSecond: get.perSecond,
    getP50Ms: get.p50,
    getP99Ms: get.p99,
    tunnelsPerSecond: tunnels.perSecond,
    postPerSecond: post.perSecond,
    ssePerEventP50Ms: sse.p50,
    ssePerEventP99Ms: sse.p99,
    firstToken200KbMs: first200.p50,
    firstToken2MbMs: first2m.p50,
    rssIdleMib,
    rss100StreamsMib,
    startMs: running.startMs ?? Number.NaN,
  };
}

async function load(target: Target, job: Job, whenOpen: () => Promise<void> = async () => {}): Promise<Outcome> {
  const child = spawn(process.execPath, [join(here, 'load.ts'), JSON.stringify({ target, job })], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  let opened: Promise<void> | undefined;
  for await (const part of child.stdout) {
    text += String(part);
    if (text.includes('"open"')) opened ??= whenOpen();
  }
  await opened;
  const outcome = JSON.parse(text.trim().split('\n').at(-1) || '{"bad":1}') as Outcome;
  if (outcome.bad > 0) throw new Error(`${job.kind}: ${outcome.bad} replies were not what the upstream sent`);
  return outcome;
}

function rssMib(pid: number | undefined): number {
  if (pid === undefined || process.platform !== 'linux') return Number.NaN;
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

async function runMicro(): Promise<Micro> {
  console.log('# micro-benchmarks');
  const measured: Micro[] = [];
  for (const script of ['micro.ts', 'flow.ts', 'audit.ts', 'observe.ts']) {
    const child = spawn(process.execPath, ['--expose-gc', join(here, script)], { stdio: ['ignore', 'pipe', 'inherit'] });
    measured.push(JSON.parse(await firstLine(child)) as Micro);
  }
  return Object.assign({}, ...measured) as Micro;
}

function report(): void {
  const shown = (value: number) => (Number.isNaN(value) ? '-' : Number(value.toFixed(value >= 100 ? 0 : 2)));
  console.log('\n# figures');
  console.table(
    Object.fromEntries(FIGURES.map((f) => [f, Object.fromEntries(Object.entries(runs).map(([name, run]) => [name, shown(run[f])]))])),
  );
  console.log('# sallyport against each, as ratios');
  const ratio = (f: (typeof FIGURES)[number], run: Figures) => shown((runs.sallyport?.[f] ?? Number.NaN) / run[f]);
  console.table(
    Object.fromEntries(FIGURES.map((f) => [f, Object.fromEntries(Object.entries(runs).map(([name, run]) => [name, ratio(f, run)]))])),
  );
  if (Object.keys(micro).length > 0) {
    console.log('# micro-benchmarks, us a call');
    console.table(Object.fromEntries(Object.entries(micro).map(([name, us]) => [name, { us: shown(us) }])));
  }
  const judged = judge(runs, micro);
  console.log('# goals');
  console.table(judged.map(({ met, ...row }) => ({ ...row, met: met === undefined ? '-' : met ? 'met' : 'not met' })));
  writeFileSync(join(here, 'results.json'), `${JSON.stringify({ node: process.version, seconds, runs, micro, goals: judged }, null, 2)}\n`);
}
