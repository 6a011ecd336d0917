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
  if (bytes === undefined) return bad('null', `longer than ${MAX_LINE_BYTES / 2 ** 20} MiB`);
  const line = bytes.toString();
  if (/^\s*$/.test(line)) return undefined;
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch (thrown) {
    if (line.includes('\0')) return bad('null', 'not JSON in UTF-8: it looks like UTF-16');
    // The message would repeat a piece of the row.
    const at = / at position (\d+)/.exec((thrown as Error).message)?.[1];
    return bad('null', `not JSON${at === undefined ? '' : ` (character ${Number(at) + 1})`}`);
  }
  if (typeof row !== 'object' || row === null || Array.isArray(row)) return bad('null', 'not an object with "id" and "text"');
  const { id, text } = row as { readonly id?: unknown; readonly text?: unknown };
  const echo = idAsItCame(id, line);
  if (echo === undefined) return bad('null', '"id" is nested too deeply');
  if (typeof text !== 'string') return bad(echo, text === undefined ? 'there is no "text"' : '"text" is not a string');
  const findings = sieve.scanner.text(text).map(({ start, end, detector }) => ({
    type: KIND_ROWS[detector.kind].type,
    start,
    end,
    detector: detector.name,
  }));
  const { score, label, kinds } = sieve.judge(text);
  return { line: `{"id":${echo},${JSON.stringify({ findings, injection: { score, label, kinds } }).slice(1)}`, complaint: undefined };
}

/** The id as JSON, `null` where there is none; numbers keep the digits that a double would lose. Undefined where the engine cannot write it. */
function idAsItCame(id: unknown, line: string): string | undefined {
  if (id === undefined) return 'null';
  if (typeof id === 'string' || Number.isSafeInteger(id)) return JSON.stringify(id);
  try {
    const raw = JSON.parse(line, (_, value: unknown, context?: { readonly source?: string }) =>
      typeof value === 'number' ? rawJson(context!.source!) : value,
    ) as { readonly id: unknown };
    return JSON.stringify(raw.id);
  } catch {
    return undefined;
  }
}

/** A JSON text that `JSON.stringify` writes as it is. */
const { rawJSON: rawJson } = JSON as unknown as { readonly rawJSON: (text: string) => unknown };

/** `id` as JSON. */
function bad(id: string, complaint: string): Answer {
  return { line: `{"id":${id},"error":${JSON.stringify(complaint)}}`, complaint };
}
