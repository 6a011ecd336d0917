// Text that gives orders to the model. Who brought it decides: what a tool fetched is acted upon, what the user wrote is only counted,
// and a system prompt is meant to give orders. It must not know how a text is judged.
import { hash } from 'node:crypto';
import { z } from 'zod';
import { createLru } from '../conversation/lru.ts';
import type { Placed } from '../conversation/read.ts';
import type { Segment } from '../conversation/segment.ts';
import { stringRanges } from '../conversation/string-ranges.ts';
import { type BodyGuardrail, type BuiltIn, type Hit, PASS, type Verdict } from '../guardrail.ts';
import { BLOCK_AT, judge, WARN_AT } from '../injection/judge.ts';
import type { Edit } from '../masking/mask.ts';

const NAME = 'prompt-injection';
const KEPT = 20_000;
/** Shorter texts order nobody about. */
const SHORTEST = 12;
const TAG = '[INJECTION_REDACTED]';
/** A name that may be shown as it is. Any other may be a text of its own. */
const PLAIN_NAME = /^[\w.:-]{1,64}$/;

/** `threshold`: the score from which on `mode` holds; without it the judge's own. */
const settings = z.strictObject({
  mode: z.enum(['warn', 'block', 'redact', 'off']).default('warn'),
  threshold: z.number().min(0).max(1).optional(),
});

/** The guardrail `prompt-injection`; none where its mode is `off`. */
export const promptInjection: BuiltIn<typeof settings, BodyGuardrail> = { name: NAME, settings, open };

function open({ mode, threshold }: z.output<typeof settings> = { mode: 'warn' }): BodyGuardrail | undefined {
  if (mode === 'off') return undefined;
  const known = createLru<{ readonly hit: Hit | undefined }>(KEPT);
  const actAt = threshold ?? (mode === 'warn' ? WARN_AT : BLOCK_AT);
  const act = mode === 'block' ? 'deny' : mode === 'redact' ? 'edit' : 'warn';

  function hitOf({ provenance, tool, text }: Segment): Hit | undefined {
    const { score, kinds } = judge(text);
    if (score < Math.min(WARN_AT, actAt)) return undefined;
    const finding = { guardrail: NAME, rule: kinds[0] ?? NAME, kinds, score };
    if (provenance !== 'tool') return { ...finding, action: 'count' };
    return { ...finding, tool: tool !== undefined && PLAIN_NAME.test(tool) ? tool : 'tool', action: score >= actAt ? act : 'warn' };
  }

  return {
    name: NAME,
    stage: 'body',
    rank: 20,
    deadlineMs: 5000,
    // What keeps texts out fails closed; what only tells of them lets the work go on.
    onFault: mode === 'warn' ? 'pass' : 'deny',
    look(segment) {
      if (segment.text.length < SHORTEST || (segment.provenance !== 'tool' && segment.provenance !== 'user')) return undefined;
      const key = hash('sha256', `${segment.provenance}\0${segment.tool}\0${segment.text}`, 'base64');
      const seen = known.get(key);
      if (seen) return seen.hit;
      const hit = hitOf(segment);
      known.set(key, { hit });
      return hit;
    },
    check: ({ bytes, reading }) => verdictOf(bytes, reading.found),
  };
}

function verdictOf(bytes: Buffer, placed: readonly Placed<Hit>[]): Verdict {
  const found = placed.filter((one) => one.found.guardrail === NAME && one.found.action !== 'count');
  if (found.length === 0) return PASS;
  const findings = found.map((one) => one.found);
  const denied = findings.find((hit) => hit.action === 'deny');
  if (denied) {
    return {
      action: 'deny',
      rule: `${NAME}/${denied.rule}`,
      detail: `what the tool ${denied.tool} brought gives orders to the model`,
      findings,
    };
  }
  const edits = redactions(
    bytes,
    found.filter((one) => one.found.action === 'edit'),
  );
  return edits.length > 0 ? { action: 'edit', edits, findings } : { action: 'warn', findings };
}

function redactions(bytes: Buffer, found: readonly Placed<Hit>[]): Edit[] {
  const byElement = Map.groupBy(found, (one) => one.start);
  return [...byElement.values()].flatMap((list) => {
    const { start, end } = list[0]!;
    const paths = list.map((one) => one.segment.path);
    return stringRanges(bytes, start, end, paths).map((range) => ({ ...range, text: TAG, kind: NAME }));
  });
}
