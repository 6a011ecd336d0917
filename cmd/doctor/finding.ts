// What a check of doctor finds: one line each, with what to do about it, and what `--fix` may do itself.
// Must not know how it is printed.

/** 'fail' makes doctor exit 1; 'warn' works but should be looked at; 'info' is neither good nor bad. */
export interface Finding {
  readonly check: string;
  readonly state: 'ok' | 'info' | 'warn' | 'fail';
  readonly text: string;
  /** What to type or change. */
  readonly fix?: string;
  readonly repair?: Repair;
}

/** What `--fix` does: nothing that cannot be done twice, nothing that somebody could miss afterwards. */
export interface Repair {
  /** In words, as it is told when it was done. */
  readonly what: string;
  /** Throws where it cannot be done; false where there was nothing left to do. */
  readonly run: () => boolean | Promise<boolean>;
}

/** The name of a check for programs: it stays while the words may change. `HTTPS_PROXY` gives `https-proxy`. */
export function checkId(check: string): string {
  return check.toLowerCase().replace(/[^a-z0-9]+/g, '-');
}

const ok = (check: string, text: string): Finding => ({ check, state: 'ok', text });
const info = (check: string, text: string): Finding => ({ check, state: 'info', text });
const warn = (check: string, text: string, fix: string): Finding => ({ check, state: 'warn', text, fix });
const fail = (check: string, text: string, fix: string): Finding => ({ check, state: 'fail', text, fix });

/** Makes findings: `found.warn(check, text, fix)`. */
export const found = { ok, info, warn, fail };
