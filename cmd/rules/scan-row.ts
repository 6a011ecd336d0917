// One row of a corpus to the line that answers it.
// Must not read or write anything, nor repeat what a row holds in a complaint.
import type { Judgement } from '../../src/rules/injection/judge.ts';
import { KIND_ROWS } from '../../src/rules/masking/kinds.ts';
import type { Scanner } from '../../src/rules/masking/scan.ts';

/** What a row is looked at with. */
export interface Sieve {
  readonly scanner: Scanner;
  readonly judge: (text: string) => Judgement;
}

/** The line that answers a row; `complaint` where the row is no row. */
export interface Answer {
  readonly line: string;
  readonly complaint: string | undefined;
}

/** The longest line that is read. */
export const MAX_LINE_BYTES: number = 256 * 1024 * 1024;

/** Answers a line of JSON `{"id","text"}`; undefined for a blank one. `bytes` undefined: the line was too long. */
export function answerRow(bytes: Buffer | undefined, sieve: Sieve): Answer | undefined {
  if (bytes === undefined) return bad(undefined, `longer than ${MAX_LINE_BYTES / 2 ** 20} MiB`);
  const line = bytes.toString();
  if (/^\s*$/.test(line)) return undefined;
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch (thrown) {
    if (line.includes('\0')) return bad(undefined, 'not JSON in UTF-8: it looks like UTF-16');
    // The message would repeat a piece of the row.
    const at = / at position (\d+)/.exec((thrown as Error).message)?.[1];
    return bad(undefined, `not JSON${at === undefined ? '' : ` (character ${Number(at) + 1})`}`);
  }
  if (typeof row !== 'object' || row === null || Array.isArray(row)) return bad(undefined, 'not an object with "id" and "text"');
  const { id, text } = row as { readonly id?: unknown; readonly text?: unknown };
  const echo = idAsItCame(id, line);
  if (typeof text !== 'string') return bad(echo, text === undefined ? 'there is no "text"' : '"text" is not a string');
  const findings = sieve.scanner.text(text).map(({ start, end, detector }) => ({
    type: KIND_ROWS[detector.kind].type,
    start,
    end,
    detector: detector.name,
  }));
  const { score, label, kinds } = sieve.judge(text);
  return { line: JSON.stringify({ id: echo, findings, injection: { score, label, kinds } }), complaint: undefined };
}

/** Numbers keep the digits that a double would lose. */
function idAsItCame(id: unknown, line: string): unknown {
  if (typeof id === 'string' || Number.isSafeInteger(id) || typeof id === 'boolean' || id === null || id === undefined) return id ?? null;
  const raw = JSON.parse(line, (_, value: unknown, context?: { readonly source?: string }) =>
    typeof value === 'number' ? rawJson(context!.source!) : value,
  ) as { readonly id: unknown };
  return raw.id;
}

/** A JSON text that `JSON.stringify` writes as it is. */
const { rawJSON: rawJson } = JSON as unknown as { readonly rawJSON: (text: string) => unknown };

function bad(id: unknown, complaint: string): Answer {
  return { line: JSON.stringify({ id: id ?? null, error: complaint }), complaint };
}
