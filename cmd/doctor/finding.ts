// What a check of doctor finds: one line each, with what to do about it.
// Must not know how it is printed.

/** 'fail' makes doctor exit 1; 'warn' works but should be looked at; 'info' is neither good nor bad. */
export interface Finding {
  readonly check: string;
  readonly state: 'ok' | 'info' | 'warn' | 'fail';
  readonly text: string;
  /** What to type or change. */
  readonly fix?: string;
}

const ok = (check: string, text: string): Finding => ({ check, state: 'ok', text });
const info = (check: string, text: string): Finding => ({ check, state: 'info', text });
const warn = (check: string, text: string, fix: string): Finding => ({ check, state: 'warn', text, fix });
const fail = (check: string, text: string, fix: string): Finding => ({ check, state: 'fail', text, fix });

/** Makes findings: `found.warn(check, text, fix)`. */
export const found = { ok, info, warn, fail };
