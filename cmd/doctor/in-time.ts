// A check with a deadline: one that hangs, or cannot be made, becomes a finding like any other.
// Must not end what is waited for: whoever waits looks whether something was late.
import { explain } from '../failure.ts';
import { type Finding, found } from './finding.ts';

/** Longer than any check gives what it waits for. */
const DEADLINE_MS = 90_000;

/** Findings that only say so. */
const late = new WeakSet<Finding>();

/** What a check finds, or that it was not done in time, or could not be done. */
export async function inTime(check: string, findings: Promise<readonly Finding[]>, ms = DEADLINE_MS): Promise<readonly Finding[]> {
  let timer: NodeJS.Timeout | undefined;
  const finding = found.warn(check, `the check was not done within ${ms / 1000} s`, 'look at what keeps this machine busy, and try again');
  const tooLate = new Promise<readonly Finding[]>((resolve) => {
    timer = setTimeout(() => {
      late.add(finding);
      resolve([finding]);
    }, ms);
  });
  try {
    return await Promise.race([findings, tooLate]);
  } catch (thrown) {
    return [found.warn(check, `the check could not be made: ${explain(thrown).line}`, 'try again; if it stays, report it')];
  } finally {
    clearTimeout(timer);
  }
}

/** Whether a finding says that its check was given up, so that what it waits for may still be there. */
export function wasLate(finding: Finding): boolean {
  return late.has(finding);
}
