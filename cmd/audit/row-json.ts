// A row of the audit log as JSON, for `log --json` and `audit export`.
// Must not leave out a row: one that was edited until it could not be read is shown as damaged.
import type { CapturedBodies } from '../../src/capture.ts';
import { type AuditRow, changeOf, exchangeOf } from '../../src/store/audit/entry.ts';

/** Plain values: number, time (ISO 8601), kind, what the row says, and its MAC in base64. */
export function rowJson(row: AuditRow, bodies?: CapturedBodies): object {
  return {
    row: row.seq,
    at: new Date(row.atMs).toISOString(),
    kind: row.kind,
    ...said(row),
    mac: row.mac.toString('base64'),
    ...(bodies && { bodies }),
  };
}

function said(row: AuditRow): object {
  try {
    return row.kind === 'exchange' ? exchangeOf(row) : changeOf(row);
  } catch {
    return { damaged: true };
  }
}
