// The map between values and the placeholders that stand for them: the same value gives the same placeholder for a given key, on
// every turn and after a restart, and nobody without the key can compute one. It must not know where values outlive it: they are
// handed in and told of. No value leaves by a log or an error.
import { createHmac } from 'node:crypto';
import { Fault } from '../../fault.ts';
import { hasPlaceholderShape } from './placeholder-shape.ts';

/** A placeholder and what it stands for. */
export interface Pair {
  readonly text: string;
  readonly value: string;
}

/**
 * Opens with a key of 32 bytes and the number of values to remember. `known` is what an earlier map had made, the least used first; `onUse`
 * hears of every use of a placeholder, either way. `digest` is for tests: what the text is made of.
 */
export interface PlaceholderOptions {
  readonly key: Buffer;
  readonly maxEntries: number;
  readonly known?: Iterable<Pair>;
  readonly onUse?: (text: string, value: string) => void;
  readonly digest?: (input: string) => Buffer;
}

/** The map. A value not used for the longest time is forgotten first; it comes back when a client sends it again. */
export interface Placeholders {
  /** The placeholder of a value: `SP_<WORD>_<12 of A-Z2-7>`. `word` is 2 to 10 capital letters. */
  placeholderFor(word: string, value: string): string;
  /** What a placeholder, written in any case, stands for; undefined if that is not known. */
  valueOf(placeholder: string): string | undefined;
  /** Whether the whole text has the shape of a placeholder, known or not. */
  isPlaceholder(text: string): boolean;
  /** How many values are remembered. */
  readonly size: number;
  /** Forgets every value. */
  close(): void;
}

interface Entry extends Pair {
  readonly key: string;
}

const SHORT = 12;
const LONG = 16;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Opens a map. Fault `internal` for a key of another length or a word that is none. */
export function openPlaceholders(options: PlaceholderOptions): Placeholders {
  if (options.key.length !== 32) throw new Fault('internal', 'a placeholder key has 32 bytes');
  const digest = options.digest ?? ((input: string) => createHmac('sha256', options.key).update(input).digest());
  const onUse = options.onUse ?? (() => {});
  const byValue = new Map<string, Entry>();
  const byText = new Map<string, Entry>();

  // No placeholder begins with another, so a reply can be restored as soon as twelve characters are there.
  function freeText(word: string, key: string): string {
    const first = `SP_${word}_${base32(digest(key), SHORT)}`;
    if (isFree(first)) return first;
    for (let round = 1; ; round++) {
      const text = `SP_${word}_${base32(digest(`${key}\0${round}`), LONG)}`;
      if (isFree(text.slice(0, SHORT - LONG))) return text;
    }
  }

  function isFree(text: string): boolean {
    return !byText.has(text);
  }

  function add(entry: Entry): void {
    // A long text also takes the short one it begins with.
    byText.set(entry.text, entry);
    byText.set(stemOf(entry.text), entry);
    byValue.set(entry.key, entry);
    if (byValue.size <= options.maxEntries) return;
    const oldest = byValue.values().next().value!;
    byValue.delete(oldest.key);
    byText.delete(oldest.text);
    byText.delete(stemOf(oldest.text));
  }

  for (const { text, value } of options.known ?? []) {
    const key = `${text.slice('SP_'.length, text.lastIndexOf('_'))}\0${value}`;
    if (hasPlaceholderShape(text) && !byValue.has(key) && isFree(text) && isFree(stemOf(text))) add({ key, text, value });
  }

  return {
    placeholderFor(word, value) {
      const key = `${word}\0${value}`;
      let entry = byValue.get(key);
      if (entry) {
        byValue.delete(key);
        byValue.set(key, entry);
      } else {
        if (!/^[A-Z]{2,10}$/.test(word)) throw new Fault('internal', 'a placeholder word is 2 to 10 capital letters');
        entry = { key, text: freeText(word, key), value };
        add(entry);
      }
      onUse(entry.text, value);
      return entry.text;
    },
    valueOf(placeholder) {
      const text = placeholder.toUpperCase();
      const entry = byText.get(text);
      if (entry?.text !== text) return undefined;
      onUse(text, entry.value);
      return entry.value;
    },
    isPlaceholder: hasPlaceholderShape,
    get size() {
      return byValue.size;
    },
    close() {
      byValue.clear();
      byText.clear();
    },
  };
}

function stemOf(text: string): string {
  return text.slice(0, text.lastIndexOf('_') + 1 + SHORT);
}

function base32(bytes: Buffer, length: number): string {
  let out = '';
  let bits = 0;
  let held = 0;
  for (let i = 0; out.length < length; i++) {
    held = ((held << 8) | bytes[i]!) & 0xffff;
    bits += 8;
    while (bits >= 5 && out.length < length) {
      bits -= 5;
      out += ALPHABET[(held >> bits) & 31];
    }
  }
  return out;
}
