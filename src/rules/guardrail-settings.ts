// The built-in guardrails, and those that the configuration turns on, in the order of rank. Made with the policy and swapped with it.
// It must not know where the settings came from.
import type { BuiltIn, Guardrail } from './guardrail.ts';
import { media } from './guardrails/media.ts';
import { modelPolicy } from './guardrails/model-policy.ts';
import { placeholderNote } from './guardrails/placeholder-note.ts';
import { promptInjection } from './guardrails/prompt-injection.ts';
import { toolPolicy } from './guardrails/tool-policy.ts';

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
  /** By name of a built-in guardrail, as its own schema gives it. */
  readonly builtIn?: Readonly<Record<string, unknown>> | undefined;
  readonly own?: readonly UserGuardrailSettings[] | undefined;
}

/** Every guardrail there is a file for. */
export const BUILT_INS: readonly BuiltIn[] = Object.freeze([media, promptInjection, modelPolicy, toolPolicy, placeholderNote]);

/** The built-in guardrails that are on. */
export function compileGuardrails({ builtIn = {} }: GuardrailSettings): readonly Guardrail[] {
  return BUILT_INS.map(({ name, open }) => open(builtIn[name] as never))
    .filter((guardrail) => guardrail !== undefined)
    .sort((a, b) => a.rank - b.rank);
}
