// What placeholders stand for, kept over a restart: one private file to which sealed batches are appended off the hot path, so that no
// value can be read in it. What is damaged is moved aside, never overwritten. Must not know what a placeholder looks like.
import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { checkPrivate, syncFolder } from './home.ts';
import { readRecords, startRecords, type Writer } from './sealed-records.ts';

/** The open file. Nobody else writes it: whoever opens it holds the lock of the home. */
export interface PlaceholderFile {
  /** What was remembered, the least used first. */
  readonly known: Iterable<{ readonly text: string; readonly value: string }>;
  /** What there is to tell about opening it. */
  readonly notices: readonly string[];
  /** A placeholder was made, or used again. Never throws, never waits. */
  used(text: string, value: string): void;
  /** Writes what is queued. False where that failed; it stays queued. */
  flush(): boolean;
  /** Writes what is queued, and sees it on the disk. */
  close(): void;
}

/** Where, sealed by what, and within which bounds. */
export interface PlaceholderFileOptions {
  readonly home: string;
  /** The key of placeholders, 32 bytes; what seals is derived from it. */
  readonly key: Buffer;
  /** Wall clock, ms. */
  readonly now: () => number;
  /** How long a value is kept that nobody uses. Default 30 days. */
  readonly maxAgeMs?: number;
  readonly maxEntries?: number;
  /** Of all values and placeholders together, in characters. */
  readonly maxChars?: number;
  /** Runs `task` once, `delayMs` from now, without keeping the process alive; returns a way to call it off. */
  readonly schedule: (task: () => void, delayMs: number) => () => void;
  /** Told once when writing starts to fail and once when it works again. */
  readonly onTrouble: (trouble: { readonly failing: boolean; readonly cause: unknown }) => void;
}

interface Kept {
  readonly value: string;
  readonly usedAtMs: number;
}

type Row = readonly [text: string, value: string, usedAtMs: number];

const NAME = 'placeholders.sealed';
const DAY_MS = 86_400_000;
const MAX_AGE_MS = 30 * DAY_MS;
const MAX_ENTRIES = 100_000;
const MAX_CHARS = 64 * 1024 * 1024;
const FLUSH_MS = 200;
const RETRY_MS = 5000;
/** Characters of one record. */
const BATCH_CHARS = 256 * 1024;
/** A file is written anew when it is larger than this, and than what it holds, by so much. */
const SLACK_BYTES = 1024 * 1024;

/** Opens or makes the file. Throws StoreError where others may read it; any other trouble is told and lived with. */
export function openPlaceholderFile(options: PlaceholderFileOptions): PlaceholderFile {
  const { home, key, now, maxAgeMs = MAX_AGE_MS, maxEntries = MAX_ENTRIES, maxChars = MAX_CHARS } = options;
  const path = join(home, NAME);
  checkPrivate(path);
  rmSync(draftOf(path), { force: true });
  const notices: string[] = [];
  // The least used first.
  const kept = new Map<string, Kept>();
  const waiting = new Map<string, Row>();
  let chars = 0;
  let fd: number | undefined;
  let writer: Writer | undefined;
  let size = 0;
  /** How large the file was when it held nothing but what it had to. */
  let lean = 0;
  // Where to move a file that must not be overwritten.
  let aside: string | undefined;
  let failing = false;
  let cancel: (() => void) | undefined;

  function keep(text: string, value: string, usedAtMs: number): void {
    const before = kept.get(text);
    if (before) {
      kept.delete(text);
      chars -= text.length + before.value.length;
    }
    kept.set(text, { value, usedAtMs });
    chars += text.length + value.length;
    while (kept.size > maxEntries || chars > maxChars) forget(kept.keys().next().value!);
  }

  function forget(text: string): void {
    chars -= text.length + kept.get(text)!.value.length;
    kept.delete(text);
    waiting.delete(text);
  }

  function load(): void {
    const bytes = readIfThere(path);
    if (bytes === undefined) return;
    const { records, end } = typeof bytes === 'string' ? ({ records: [], end: bytes } as const) : readRecords(bytes, key);
    for (const record of records) {
      for (const [text, value, usedAtMs] of JSON.parse(record.toString()) as Row[]) keep(text, value, usedAtMs);
    }
    forgetOld();
    if (end === 'whole' || end === 'torn') return;
    aside = `${path}.aside-${now()}`;
    notices.push(
      end === 'foreign'
        ? `${path} was sealed with another key: placeholders of earlier sessions are not turned back; it is kept as ${aside}`
        : `${path} is ${end}: ${kept.size} placeholders of earlier sessions could be read; it is kept as ${aside}`,
    );
  }

  function forgetOld(): void {
    for (const [text, { usedAtMs }] of kept) if (now() - usedAtMs > maxAgeMs) forget(text);
  }

  /** The file anew, with what is kept and nothing else. Whoever is killed meanwhile leaves the old one. */
  function rewrite(): void {
    if (aside !== undefined) renameSync(path, aside);
    aside = undefined;
    const draft = draftOf(path);
    rmSync(draft, { force: true });
    const begun = startRecords(key);
    const next = openSync(draft, 'wx', 0o600);
    try {
      let at = put(next, begun.header, 0);
      for (const batch of batches([...kept].map(([text, { value, usedAtMs }]): Row => [text, value, usedAtMs])))
        at = put(next, begun.writer.seal(batch), at);
      fsyncSync(next);
      renameSync(draft, path);
      if (fd !== undefined) closeSync(fd);
      fd = next;
      writer = begun.writer;
      size = at;
      lean = at;
    } catch (thrown) {
      closeSync(next);
      rmSync(draft, { force: true });
      throw thrown;
    }
    waiting.clear();
    syncFolder(dirname(path));
  }

  function append(): void {
    if (fd === undefined || !writer || size > SLACK_BYTES + 2 * lean) {
      forgetOld();
      rewrite();
      return;
    }
    for (const batch of batches([...waiting.values()])) {
      try {
        size = put(fd, writer.seal(batch), size);
      } catch (thrown) {
        // What was written of it would make the rest of the file unreadable.
        writer.unseal();
        ftruncateSync(fd, size);
        throw thrown;
      }
      for (const [text] of JSON.parse(batch) as Row[]) waiting.delete(text);
    }
  }

  function flush(): boolean {
    cancel?.();
    cancel = undefined;
    if (waiting.size === 0) return true;
    return attempt(append);
  }

  function attempt(write: () => void): boolean {
    try {
      write();
      if (failing) options.onTrouble({ failing: false, cause: undefined });
      failing = false;
      return true;
    } catch (cause) {
      if (!failing) options.onTrouble({ failing: true, cause });
      failing = true;
      cancel = options.schedule(flush, RETRY_MS);
      return false;
    }
  }

  attempt(() => {
    load();
    if (kept.size > 0 || aside !== undefined) rewrite();
  });

  return {
    get known() {
      return [...kept].map(([text, { value }]) => ({ text, value }));
    },
    notices,
    used(text, value) {
      const before = kept.get(text);
      const usedAtMs = now();
      // Once a day is enough to know what is still used.
      if (before?.value === value && usedAtMs - before.usedAtMs < DAY_MS) return;
      keep(text, value, usedAtMs);
      waiting.set(text, [text, value, usedAtMs]);
      cancel ??= options.schedule(flush, FLUSH_MS);
    },
    flush,
    close() {
      flush();
      cancel?.();
      cancel = undefined;
      if (fd === undefined) return;
      try {
        fsyncSync(fd);
      } finally {
        closeSync(fd);
        fd = undefined;
      }
    },
  };
}

function* batches(rows: readonly Row[]): Generator<string> {
  let batch: Row[] = [];
  let chars = 0;
  for (const row of rows) {
    batch.push(row);
    chars += row[0].length + row[1].length;
    if (chars < BATCH_CHARS) continue;
    yield JSON.stringify(batch);
    batch = [];
    chars = 0;
  }
  if (batch.length > 0) yield JSON.stringify(batch);
}

/** Writes all of it at `at`; where it ends. */
function put(fd: number, bytes: Buffer, at: number): number {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, at + done);
  return at + bytes.length;
}

function draftOf(path: string): string {
  return `${path}.new`;
}

/** Undefined: none is there. A text: what is wrong with it. */
function readIfThere(path: string): Buffer | string | undefined {
  try {
    return readFileSync(path);
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    return code === 'ENOENT' ? undefined : `not readable (${code})`;
  }
}
