// Which calls of tools a model may propose: by the tool's name and by what the call says. The first rule that matches decides. A call
// that is denied never reaches the client. It must not know how replies are read.
import { z } from 'zod';
import { type BuiltIn, type Denial, PASS, type ReplyGuardrail, type ToolCall, type Verdict } from '../guardrail.ts';
import { compileNames } from '../names.ts';
import { compilePattern, type Pattern } from '../pattern.ts';

const NAME = 'tool-policy';
const action = z.enum(['allow', 'flag', 'deny']);
const pattern = z.string().superRefine((text, ctx) => {
  try {
    compilePattern(text);
  } catch (thrown) {
    ctx.addIssue({ code: 'custom', message: (thrown as Error).message });
  }
});

/** `tool`: a name, `*` for any characters. `pattern`: what a text of the call, or all of it as JSON, must match; RE2. */
const rule = z.strictObject({
  id: z
    .string()
    .regex(/^[A-Za-z0-9][\w.-]{0,63}$/, 'an id has letters, digits, dots, hyphens and underscores, 64 at most')
    .optional(),
  tool: z.string().min(1).default('*'),
  pattern: pattern.optional(),
  action,
});

const settings = z.strictObject({ rules: z.array(rule).default([]), default: action.default('allow') });

/** The guardrail `tool-policy`; none where the configuration does not name it. */
export const toolPolicy: BuiltIn<typeof settings, ReplyGuardrail> = { name: NAME, settings, open };

interface Rule {
  readonly id: string;
  readonly action: z.output<typeof action>;
  readonly isFor: (tool: string) => boolean;
  readonly pattern: Pattern | undefined;
}

function open(given: z.output<typeof settings> | undefined): ReplyGuardrail | undefined {
  if (!given) return undefined;
  const rules: readonly Rule[] = [
    ...given.rules.map((own, i) => ({
      id: own.id ?? String(i + 1),
      action: own.action,
      isFor: compileNames([own.tool]),
      pattern: own.pattern === undefined ? undefined : compilePattern(own.pattern),
    })),
    { id: 'default', action: given.default, isFor: () => true, pattern: undefined },
  ];
  return {
    name: NAME,
    stage: 'reply',
    rank: 40,
    deadlineMs: 5000,
    onFault: 'deny',
    mayDeny: rules.some((own) => own.action === 'deny'),
    begin(tool) {
      const own = rules.filter((one) => one.isFor(tool));
      const open = own.slice(0, own.findIndex((one) => one.pattern === undefined) + 1);
      if (open.length === 1 && open[0]!.action === 'deny') return denial(open[0]!, tool);
      return open.some((one) => one.action === 'deny') ? 'wait' : 'pass';
    },
    judge(call) {
      const texts = textsOf(call.input);
      const own = rules.find((one) => one.isFor(call.tool) && (!one.pattern || texts.some((text) => one.pattern!.test(text))))!;
      return verdictOf(own, call);
    },
  };
}

function verdictOf(own: Rule, { tool }: ToolCall): Verdict {
  if (own.action === 'allow') return PASS;
  return own.action === 'deny' ? denial(own, tool) : { action: 'warn', findings: [findingOf(own, tool)] };
}

function denial(own: Rule, tool: string): Denial {
  return { action: 'deny', rule: `${NAME}/${own.id}`, detail: `a call of ${shown(tool)} is denied`, findings: [findingOf(own, tool)] };
}

function findingOf({ id }: Rule, tool: string) {
  return { guardrail: NAME, rule: id, tool: shown(tool) };
}

/** Any other name may be a text of its own. */
function shown(tool: string): string {
  return /^[\w.:/-]{1,64}$/.test(tool) ? tool : 'a tool';
}

/** The call as JSON without needless escapes, and each text in it: what is written with escapes is read without. */
function textsOf(input: string): string[] {
  let value: unknown;
  try {
    value = JSON.parse(input);
  } catch {
    return [input];
  }
  const out = [input, JSON.stringify(value)];
  const below: unknown[] = [value];
  for (let next = below.pop(); next !== undefined; next = below.pop()) {
    if (typeof next === 'string') out.push(next);
    else if (typeof next === 'object' && next !== null) for (const one of Object.values(next)) below.push(one);
  }
  return out;
}
