// Which models may be asked, and for how much. The model is a member of the body or a step of the path, and both must be allowed
// where both are there. A limit is put in the place of a larger number. It must not know providers.

import { numberRanges } from '../conversation/number-ranges.ts';
import type { Path } from '../conversation/segment.ts';
import { type BuiltIn, type Guardrail, PASS, type Verdict } from '../guardrail.ts';
import { type LooseObject, objectOf } from '../loose-json.ts';

/** What the configuration says of it. Patterns are names with `*`. */
export interface ModelPolicySettings {
  /** Empty: every model. */
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  readonly maxOutputTokens?: number | undefined;
}

const NAME = 'model-policy';
/** The step of a path behind which the model stands: Gemini and Vertex, Bedrock, Azure. */
const BEFORE_MODEL = new Set(['models', 'model', 'deployments']);
const WRAPPERS = ['request', 'response'];
/** Where dialects hold the limit. */
const LIMITS: readonly Path[] = [
  ['max_tokens'],
  ['max_completion_tokens'],
  ['max_output_tokens'],
  ['generationConfig', 'maxOutputTokens'],
  ['generation_config', 'max_output_tokens'],
  ['inferenceConfig', 'maxTokens'],
];

/** The guardrail `model-policy`. */
export const modelPolicy: BuiltIn<ModelPolicySettings> = { name: NAME, open };

function open({ allow, deny, maxOutputTokens }: ModelPolicySettings): Guardrail {
  const isAllowed = (model: string) => !deny.some((p) => matches(p, model)) && (allow.length === 0 || allow.some((p) => matches(p, model)));
  return {
    name: NAME,
    stage: 'body',
    rank: 30,
    deadlineMs: 1000,
    onFault: 'deny',
    check({ bytes, target }) {
      const body = objectOf(parsed(bytes));
      const models = [...modelsOfPath(target), ...(body ? modelsOfBody(body) : [])];
      if (!models.every(isAllowed)) return denied('model', 'this model is not allowed');
      if (maxOutputTokens === undefined || !body) return PASS;
      return capped(bytes, body, maxOutputTokens);
    },
  };
}

function denied(rule: string, detail: string): Verdict {
  return { action: 'deny', rule: `${NAME}/${rule}`, detail, findings: [{ guardrail: NAME, rule }] };
}

function capped(bytes: Buffer, body: LooseObject, most: number): Verdict {
  const roots: Path[] = [[], ...WRAPPERS.map((name) => [name])];
  const over = roots.flatMap((root) => LIMITS.map((limit) => [...root, ...limit])).filter((path) => exceeds(valueAt(body, path), most));
  if (over.length === 0) return PASS;
  const ranges = numberRanges(bytes, over);
  if (ranges.length < over.length) return denied('max_output_tokens', 'it asks for more output than is allowed');
  const edits = ranges.map((range) => ({ ...range, text: String(most), kind: NAME }));
  return { action: 'edit', edits, findings: [{ guardrail: NAME, rule: 'max_output_tokens' }] };
}

/** What is no number may still be read as one by a server. */
function exceeds(value: unknown, most: number): boolean {
  return value !== undefined && value !== null && !(Number(value) <= most);
}

function valueAt(body: LooseObject, path: Path): unknown {
  return path.reduce<unknown>((value, step) => objectOf(value)?.[step], body);
}

function modelsOfBody(body: LooseObject): string[] {
  return [body, ...WRAPPERS.map((name) => objectOf(body[name]))].flatMap((object) => {
    const models = [object?.model, ...(Array.isArray(object?.models) ? object.models : [])];
    return models.filter((model) => typeof model === 'string');
  });
}

function modelsOfPath(target: string): string[] {
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

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8').replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
}

/** Whether a name is what the pattern says, upper and lower case alike; `*` stands for any text, also none. Linear in both. */
function matches(pattern: string, name: string): boolean {
  const low = name.toLowerCase();
  const parts = pattern.toLowerCase().split('*');
  const last = parts.length - 1;
  if (last === 0) return low === parts[0];
  if (!low.startsWith(parts[0]!)) return false;
  let at = parts[0]!.length;
  for (const part of parts.slice(1, last)) {
    const found = low.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return low.length - parts[last]!.length >= at && low.endsWith(parts[last]!);
}
