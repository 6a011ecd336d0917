// `sallyport audit export`: a copy of the log for other programs, as JSON lines or as an HTTP archive; bodies only where they were kept.
// Must not write over a file that is there, nor leave half of one behind under its name.
import { closeSync, existsSync, fsyncSync, linkSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { capturedBodies } from '../../src/store/audit/captures.ts';
import { type AuditKind, type AuditRow, exchangeOf } from '../../src/store/audit/entry.ts';
import { eachRow, newestSeq } from '../../src/store/audit/search.ts';
import { openKeyring } from '../../src/store/keyring.ts';
import type { Store } from '../../src/store/open.ts';
import type { Call } from '../command.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import { keySurroundings } from '../home-store.ts';
import { openProgressBar } from '../progress-bar.ts';
import { writeOut } from '../rules/input.ts';
import { packageVersion } from '../version.ts';
import { type BodiesOf, harArchive } from './har.ts';
import { parseSince, readingLog } from './opened.ts';
import { rowJson } from './row-json.ts';

/** Written at a time, characters. */
const PIECE = 65_536;

interface Format {
  /** Which rows; all of them without it. */
  readonly kinds?: readonly AuditKind[];
  readonly text: (rows: Iterable<AuditRow>, bodiesOf: BodiesOf | undefined) => Iterable<string>;
}

const FORMATS: Readonly<Record<string, Format>> = {
  jsonl: { text: jsonLines },
  har: { kinds: ['exchange'], text: (rows, bodiesOf) => harArchive(rows, packageVersion(), bodiesOf) },
};

/** To standard output, or to a file of mode 0600. */
export async function exportLog({ args, invocation, json, terminal }: Call): Promise<number> {
  const sinceMs = parseSince(args.since, Date.now());
  const file = args.file === undefined ? undefined : resolve(invocation.cwd, String(args.file));
  const { kinds, text } = FORMATS[String(args.format ?? 'jsonl')]!;
  return readingLog(invocation, async (store) => {
    const bodiesOf = args['masked-bodies'] === true ? await openBodies(invocation, store) : undefined;
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
    const pieces = inPieces(text(counted(), bodiesOf));
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

/** The bodies that were kept, opened. Throws CommandFailure while the vault is locked. */
async function openBodies(invocation: Call['invocation'], store: Store): Promise<BodiesOf> {
  const keyring = await openKeyring({ ...keySurroundings(invocation), store, now: Date.now, mayMake: false });
  if (keyring.locked !== undefined) throw new CommandFailure(EXIT.failed, keyring.locked);
  return (id) => capturedBodies(store, keyring, id);
}

function* jsonLines(rows: Iterable<AuditRow>, bodiesOf: BodiesOf | undefined): Generator<string> {
  for (const row of rows) {
    const bodies = bodiesOf && row.kind === 'exchange' ? bodiesOf(idOf(row)) : undefined;
    yield `${JSON.stringify(rowJson(row, bodies))}\n`;
  }
}

/** '' for a row that cannot be read: somebody has edited it. */
function idOf(row: AuditRow): string {
  try {
    return exchangeOf(row).id;
  } catch {
    return '';
  }
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
