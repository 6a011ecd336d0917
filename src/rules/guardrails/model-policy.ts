// Which models may be asked, and for how much. The model is a member of the body or a step of the path, and both must be allowed
// where both are there. A limit is put in the place of a larger number. It must not know providers.

import { z } from 'zod';
import { type Member, membersAt } from '../conversation/members.ts';
import type { Path } from '../conversation/segment.ts';
import { type BodyGuardrail, type BuiltIn, PASS, type Verdict } from '../guardrail.ts';
import { compileNames } from '../names.ts';

const NAME = 'model-policy';
/** The step of a path behind which the model stands: Gemini and Vertex, Bedrock, Azure. */
const BEFORE_MODEL = new Set(['models', 'model', 'deployments']);
/** The body itself, and the objects that wrap a request in it. */
const ROOTS: readonly Path[] = [[], ['request'], ['response'], ['body']];
const MODELS = under(ROOTS, [['model'], ['models']]);
/** Where dialects hold the limit. */
const LIMITS = under(ROOTS, [
  ['max_tokens'],
  ['max_completion_tokens'],
  ['max_output_tokens'],
  ['generationConfig', 'maxOutputTokens'],
  ['generation_config', 'max_output_tokens'],
  ['inferenceConfig', 'maxTokens'],
]);

const names = z.array(z.string().min(1)).default([]);

/** Names with `*`; without `allow` every model is allowed. */
const settings = z.strictObject({ allow: names, deny: names, max_output_tokens: z.int().min(1).optional() });

/** The guardrail `model-policy`. */
export const modelPolicy: BuiltIn<typeof settings, BodyGuardrail> = {
  name: NAME,
  settings,
  open(given) {
    if (!given) return undefined;
    const isDenied = compileNames(given.deny);
    const isNamed = compileNames(given.allow);
    const isAllowed = (model: string) => !isDenied(model) && (given.allow.length === 0 || isNamed(model));
    const most = given.max_output_tokens;
    return {
      name: NAME,
      stage: 'body',
      rank: 30,
      deadlineMs: 5000,
      onFault: 'deny',
      check({ bytes, target }) {
        const models = [...modelsOfPath(target), ...membersAt(bytes, MODELS).flatMap(({ value }) => textsOf(value))];
        if (!models.every(isAllowed)) return denied('model', 'this model is not allowed');
        return most === undefined ? PASS : capped(membersAt(bytes, LIMITS), most);
      },
    };
  },
};

function denied(rule: string, detail: string): Verdict {
  return { action: 'deny', rule: `${NAME}/${rule}`, detail, findings: [{ guardrail: NAME, rule }] };
}

function capped(limits: readonly Member[], most: number): Verdict {
  const over = limits.filter(({ value }) => value !== null && !(Number(value) <= most));
  if (over.length === 0) return PASS;
  // What is no number may still be read as one by a server.
  if (over.some(({ value }) => typeof value !== 'number')) return denied('max_output_tokens', 'it asks for more output than is allowed');
  const edits = over.map(({ start, end }) => ({ start, end, text: String(most), kind: NAME }));
  return { action: 'edit', edits, findings: [{ guardrail: NAME, rule: 'max_output_tokens' }] };
}

function under(roots: readonly Path[], paths: readonly Path[]): readonly Path[] {
  return roots.flatMap((root) => paths.map((path) => [...root, ...path]));
}

function textsOf(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'string');
}

/** The models that the steps of a path name. */
export function modelsOfPath(target: string): string[] {
  const steps = target.split('?', 1)[0]!.split('/');
  return steps.flatMap((step, i) =>
    BEFORE_MODEL.has(steps[i - 1] ?? '') && step !== '' ? [decoded(step).replace(/:[A-Za-z]+$/, '')] : [],
  );
}

function decoded(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    return step;
  }
}
