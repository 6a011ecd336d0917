// What the configuration says of guardrails, and the built-in ones it makes, in the order of rank. Made with the policy and
// swapped with it. It must not know where the settings came from.
import type { Guardrail } from './guardrail.ts';
import { type ModelPolicySettings, modelPolicy } from './guardrails/model-policy.ts';
import { type PromptInjectionSettings, promptInjection } from './guardrails/prompt-injection.ts';

/** A guardrail of the user's own. */
export interface UserGuardrailSettings {
  readonly name: string;
  /** Absolute path of a module. */
  readonly module: string;
  readonly onFault: 'deny' | 'pass';
  /** Ms. */
  readonly deadlineMs: number;
  readonly rank: number;
}

/** The key `guardrails`. What is not named has its default. */
export interface GuardrailSettings {
  readonly promptInjection?: PromptInjectionSettings | undefined;
  readonly modelPolicy?: ModelPolicySettings | undefined;
  readonly own?: readonly UserGuardrailSettings[] | undefined;
}

/** The built-in guardrails that are on. */
export function compileGuardrails(settings: GuardrailSettings): readonly Guardrail[] {
  const all = [
    promptInjection.open(settings.promptInjection ?? { mode: 'warn' }),
    settings.modelPolicy && modelPolicy.open(settings.modelPolicy),
  ];
  return all.filter((guardrail) => guardrail !== undefined).sort((a, b) => a.rank - b.rank);
}
