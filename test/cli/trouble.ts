// A provider in trouble, and a CLI that works on: the same prompt direct and through Sallyport, the same trouble at the beginning of each.
import { expect } from 'vitest';
import type { CliSetting } from './cli-runs.ts';
import { onStage } from './on-stage.ts';
import { modelRequests } from './scenes.ts';
import type { StageJob, StepResult } from './stage.ts';

/** By name; what each is. */
export const TROUBLES = {
  'two 529, then success': { refusals: [{ status: 529 }, { status: 529 }] },
  'a 429 with retry-after 5': { refusals: [{ status: 429, headers: ['retry-after', '5'] }] },
  'a provider that is down for 20 s': { downMs: 20_000 },
} as const satisfies Readonly<Record<string, NonNullable<StageJob['trouble']>>>;

/** Its work ends whole, and the provider is asked no more often than by the CLI alone. */
export async function livesThrough(setting: CliSetting, trouble: keyof typeof TROUBLES): Promise<void> {
  const play = async (way: 'direct' | 'daemon') => {
    const job = { setting, steps: [{ way, prompt: 'Say hello.', timeoutMs: 110_000 }], trouble: TROUBLES[trouble] };
    const { steps, daemonLog } = await onStage({ ...job, resilience: { mode: 'enforce', hold: 'enforce' } });
    return { step: steps[0]!, daemonLog };
  };
  // Each has a provider of its own, and mostly waits.
  const [{ step: direct }, { step: through, daemonLog }] = await Promise.all([play('direct'), play('daemon')]);
  const why = `${through.stderr}\n${daemonLog}`.slice(-4000);
  expect({ exit: through.exit, timedOut: through.timedOut, why }).toMatchObject({ exit: 0, timedOut: false });
  expect(through.stdout).toContain('ECHO<Say hello.> END');
  const asked = (step: StepResult) => modelRequests(step).length;
  expect({ asked: asked(through), direct: asked(direct) }).toSatisfy((n: { asked: number; direct: number }) => n.asked <= n.direct);
}
