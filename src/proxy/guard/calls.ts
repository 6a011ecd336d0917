// Asks the guardrails about the calls of tools that a reply proposes, each once. A denial ends the reply; it is the last thing the client
// hears of it. It must not know how replies are framed.
import { createHash } from 'node:crypto';
import { Fault } from '../../fault.ts';
import type { CallJudge } from '../../rules/calls/gate.ts';
import { type Denial, PASS, type ToolCall } from '../../rules/guardrail.ts';
import type { Exchange } from '../exchange.ts';
import type { Conductor } from '../house.ts';
import { asked, refuse, replyGuards, report } from './run.ts';

const WHERE = 'in a call of a tool that the model proposes';

/** The judge of an exchange's calls; undefined where nobody judges them. */
export function callJudge(house: Conductor, x: Exchange): CallJudge | undefined {
  const guards = replyGuards(x);
  if (guards.length === 0) return undefined;
  const waits = new Map<string, boolean>();
  const judged = new Set<string>();

  function deny(denial: Denial): never {
    for (const finding of denial.findings) report(house, x, finding, 'deny', WHERE);
    return refuse(house, denial);
  }

  const holds = guards.some((guard) => guard.mayDeny);
  return {
    holds,
    waitsFor(tool) {
      const known = waits.get(tool);
      if (known !== undefined) return known;
      const said = guards.map((guard) => asked(house, x, guard, () => guard.begin(tool), 'pass' as const));
      for (const one of said) if (typeof one === 'object') deny(one);
      waits.set(tool, said.includes('wait'));
      return said.includes('wait');
    },
    judge(call) {
      const key = keyOf(call);
      if (judged.has(key)) return;
      judged.add(key);
      for (const guard of guards) {
        const verdict = asked(house, x, guard, () => guard.judge(call), PASS);
        if (verdict.action === 'deny') deny(verdict);
        if (verdict.action === 'warn') for (const finding of verdict.findings) report(house, x, finding, 'warn', WHERE);
      }
    },
    unreadable() {
      if (guards.some((guard) => guard.mayDeny))
        throw new Fault('rule-denied', 'a reply cannot be read, so its calls of tools cannot be judged');
    },
  };
}

/** A reply tells of a call several times. */
function keyOf({ tool, input }: ToolCall): string {
  return createHash('sha256').update(`${tool}\0${input}`).digest('base64');
}
