// `sallyport audit verify`: whether the audit log is what was written, and where it is not.
// Must not change it.
import { type Flaw, type Verified, verifyAudit } from '../../src/store/audit/verify.ts';
import type { Call } from '../command.ts';
import { EXIT } from '../failure.ts';
import { openHomeStore } from '../home-store.ts';
import { openProgressBar } from '../progress-bar.ts';
import { checkLog, clock } from './opened.ts';

/** The exit code: 1 where something is not as it was written. */
export async function verifyLog({ invocation, json, terminal }: Call): Promise<number> {
  checkLog(invocation);
  const { store, keyring, close } = await openHomeStore(invocation);
  const bar = openProgressBar('verifying rows');
  try {
    const verified = verifyAudit(store, keyring, bar.show);
    bar.clear();
    if (json) terminal.out(JSON.stringify({ ok: verified.flawed === 0, ...verified }));
    else terminal.out(verdict(verified));
    return verified.flawed === 0 ? EXIT.ok : EXIT.failed;
  } finally {
    bar.clear();
    close();
  }
}

function verdict({ rows, first, flaws, flawed }: Verified): string {
  const before = first > 1 ? ` (those before row ${first} were let go by retention)` : '';
  if (flawed === 0) return `${rows === 1 ? 'the one row is as it was' : `all ${rows} rows are as they were`} written${before}`;
  const more = flawed > flaws.length ? [`and ${flawed - flaws.length} more`] : [];
  return [...flaws.map(line), ...more, `${flawed} of ${rows} rows are not as they were written${before}`].join('\n');
}

function line({ seq, atMs, what }: Flaw): string {
  return `row ${seq}  ${atMs === undefined ? '-' : clock(atMs)}  ${what}`;
}
