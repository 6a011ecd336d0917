// Values that are known beforehand, from files, environments and credentials, by whoever hands them in; compiled into one set when
// somebody asks for it. Where none is known there is no set, and nothing to pay. It must not know where values come from.
import { compilePatterns } from './aho-corasick.ts';
import type { Span } from './detector.ts';
import { formsOf, isWorthKnowing } from './known-forms.ts';

/** A compiled set. Another set of values is another object. */
export interface KnownSet {
  /** Where a form of a value stands whole at `from` or behind it: in order, apart, the longest where several begin. */
  find(bytes: Buffer, from: number): Span[];
}

/** What is known, by source. */
export interface KnownValues {
  /** Replaces the values of a source; none: it has gone. What is too short or too common is left out. */
  set(source: string, values: Iterable<string>): void;
  /** The set of all of them; undefined while there is none. */
  current(): KnownSet | undefined;
}

/** Opens with nothing known. */
export function openKnownValues(): KnownValues {
  const sources = new Map<string, readonly string[]>();
  let compiledFrom = '';
  let compiled: KnownSet | undefined;
  let isFresh = true;
  return {
    set(source, values) {
      const worth = [...new Set([...values].map((value) => value.trim()).filter(isWorthKnowing))];
      if (worth.length === 0) sources.delete(source);
      else sources.set(source, worth);
      isFresh = false;
    },
    current() {
      if (isFresh) return compiled;
      isFresh = true;
      const all = [...new Set([...sources.values()].flat())].sort();
      const from = JSON.stringify(all);
      if (from !== compiledFrom) compiled = all.length === 0 ? undefined : compileKnown(all);
      compiledFrom = from;
      return compiled;
    },
  };
}

/** Compiles a set of values worth knowing. */
export function compileKnown(values: readonly string[]): KnownSet {
  const patterns = [...new Set(values.flatMap(formsOf))].map((form) => Buffer.from(form, 'latin1'));
  const numbers = new Set(values.filter((value) => /^\d+$/.test(value)));
  const isNumber = patterns.map((pattern) => numbers.has(pattern.toString('latin1')));
  const pass = compilePatterns(patterns);
  return {
    find(bytes, from) {
      const hits: Span[] = [];
      pass(bytes, from, bytes.length, (pattern, start) => {
        const end = start + patterns[pattern]!.length;
        // Part of a longer number is another number.
        if (isNumber[pattern] && (isDigit(bytes[start - 1]) || isDigit(bytes[end]))) return;
        hits.push({ start, end });
      });
      hits.sort((a, b) => a.start - b.start || b.end - a.end);
      const out: { start: number; end: number }[] = [];
      for (const { start, end } of hits) {
        const last = out.at(-1);
        // What overlaps is one finding: nothing of either may be left.
        if (last && start < last.end) last.end = Math.max(last.end, end);
        else out.push({ start, end });
      }
      return out;
    },
  };
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}
