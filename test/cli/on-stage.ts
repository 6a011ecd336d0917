// Runs a stage (stage.ts) for a test: in a network namespace with only loopback where the machine allows that, so that
// no CLI can reach the real world, else in place.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installedCli } from './install.ts';
import type { StageJob, StageResult } from './stage.ts';

const ISOLATION = ['-n', '-m', '-p', '--fork', '--mount-proc', '--kill-child=KILL'];

/** Flags for unshare(1) that work here, with user namespaces if need be; undefined when none do. */
function isolationFlags(): string[] | undefined {
  return [ISOLATION, ['-r', ...ISOLATION]].find((flags) => spawnSync('unshare', [...flags, 'ip', 'link', 'set', 'lo', 'up']).status === 0);
}

/** Plays the job and returns what happened. Rejects when the stage itself fails or takes longer than `limitMs`. */
export async function onStage(job: StageJob, limitMs = 240_000): Promise<StageResult & { readonly isolated: boolean }> {
  installedCli(job.setting.cli);
  const folder = mkdtempSync(join(tmpdir(), 'sp-stage-'));
  const result = join(folder, 'result.json');
  const flags = isolationFlags();
  const stage = [process.execPath, join(import.meta.dirname, 'stage.ts'), JSON.stringify(job), result];
  const command = flags ? ['unshare', ...flags, 'sh', '-c', 'ip link set lo up && exec "$@"', 'stage', ...stage] : stage;
  const child = spawn(command[0]!, command.slice(1), { stdio: ['ignore', 'inherit', 'pipe'], detached: true });
  const errors: Buffer[] = [];
  child.stderr.on('data', (d: Buffer) => errors.push(d));
  const timer = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), limitMs);
  try {
    const [code] = await once(child, 'close');
    if (code !== 0) throw new Error(`the stage ended with ${code}: ${Buffer.concat(errors)}`);
    return { ...(JSON.parse(readFileSync(result, 'utf8')) as StageResult), isolated: flags !== undefined };
  } finally {
    clearTimeout(timer);
    rmSync(folder, { recursive: true, force: true });
  }
}
