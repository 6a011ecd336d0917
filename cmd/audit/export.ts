// `sallyport audit export`: a copy of the log for other programs, as JSON lines or as an HTTP archive without bodies.
// Must not write over a file that is there, nor leave half of one behind under its name.
import { closeSync, existsSync, fsyncSync, linkSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import type { AuditKind, AuditRow } from '../../src/store/audit/entry.ts';
import { eachRow, newestSeq } from '../../src/store/audit/search.ts';
import type { Call } from '../command.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import { openProgressBar } from '../progress-bar.ts';
import { writeOut } from '../rules/input.ts';
import { packageVersion } from '../version.ts';
import { harArchive } from './har.ts';
import { parseSince, readingLog } from './opened.ts';
import { rowJson } from './row-json.ts';

/** Written at a time, characters. */
const PIECE = 65_536;

interface Format {
  /** Which rows; all of them without it. */
  readonly kinds?: readonly AuditKind[];
  readonly text: (rows: Iterable<AuditRow>) => Iterable<string>;
}

const FORMATS: Readonly<Record<string, Format>> = {
  jsonl: { text: jsonLines },
  har: { kinds: ['exchange'], text: (rows) => harArchive(rows, packageVersion()) },
};

/** To standard output, or to a file of mode 0600. */
export async function exportLog({ args, invocation, json, terminal }: Call): Promise<number> {
  const sinceMs = parseSince(args.since, Date.now());
  const file = args.file === undefined ? undefined : resolve(invocation.cwd, String(args.file));
  const { kinds, text } = FORMATS[String(args.format ?? 'jsonl')]!;
  return readingLog(invocation, async (store) => {
    const bar = openProgressBar('exporting rows');
    let count = 0;
    function* counted(): Generator<AuditRow> {
      const all = newestSeq(store);
      for (const row of eachRow(store, { ...(kinds && { kinds }), ...(sinceMs !== undefined && { sinceMs }) })) {
        count++;
        if (file !== undefined) bar.show(row.seq, all);
        yield row;
      }
    }
    const pieces = inPieces(text(counted()));
    if (file === undefined) {
      for (const piece of pieces) if (!(await writeOut(piece))) break;
      return EXIT.ok;
    }
    try {
      writePrivate(file, pieces, args.force === true);
    } finally {
      bar.clear();
    }
    terminal.out(json ? JSON.stringify({ file, rows: count }) : `${count} rows in ${file}`);
    return EXIT.ok;
  });
}

function* jsonLines(rows: Iterable<AuditRow>): Generator<string> {
  for (const row of rows) yield `${JSON.stringify(rowJson(row))}\n`;
}

function* inPieces(texts: Iterable<string>): Generator<string> {
  let piece = '';
  for (const text of texts) {
    piece += text;
    if (piece.length < PIECE) continue;
    yield piece;
    piece = '';
  }
  yield piece;
}

/** Whole or not at all, 0600 from the first moment. Throws CommandFailure. */
function writePrivate(file: string, pieces: Iterable<string>, isForced: boolean): void {
  const taken = new CommandFailure(EXIT.failed, `${file} is there already: choose another name, or --force to replace it`);
  if (!isForced && existsSync(file)) throw taken;
  const draft = `${file}.${process.pid}.new`;
  try {
    const fd = openSync(draft, 'wx', 0o600);
    try {
      for (const piece of pieces) writeSync(fd, piece);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    if (isForced) renameSync(draft, file);
    else linkSync(draft, file);
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === undefined) throw thrown;
    if (code === 'EEXIST') throw taken;
    throw new CommandFailure(EXIT.failed, `${file} cannot be written (${code})`);
  } finally {
    rmSync(draft, { force: true });
  }
}
