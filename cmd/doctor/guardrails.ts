// What each guardrail does when it fails or is late: refuse, or let pass.
// Must not load one.
import { accessSync, constants } from 'node:fs';
import type { Policy } from '../../src/rules/policy.ts';
import { type Finding, found } from './finding.ts';

const THEN = { deny: 'the request is refused', pass: 'the request passes, and the log says so' } as const;

/** One finding for each that is on. */
export function checkGuardrails(policy: Policy): readonly Finding[] {
  const builtIn = policy.guards.map(({ name, onFault }) => found.ok(`guardrail ${name}`, `when it fails or is late, ${THEN[onFault]}`));
  const own = (policy.guardrails?.own ?? []).map(({ name, module, onFault, deadlineMs }) => {
    const check = `guardrail ${name}`;
    if (isReadable(module)) return found.ok(check, `${module}: when it fails or takes longer than ${deadlineMs} ms, ${THEN[onFault]}`);
    const text = `${module} cannot be read: ${onFault === 'deny' ? 'every request is refused' : 'every request passes it by'}`;
    return found.fail(check, text, `correct guardrails.${name}.module`);
  });
  return [...builtIn, ...own];
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
