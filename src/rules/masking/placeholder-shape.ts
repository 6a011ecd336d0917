// What a placeholder looks like, where one stands in a text, and from where the end of a text could still become one.
// It must not know how placeholders are made or what they stand for.

/** `SP_`, the kind in capitals, `_`, and 12 characters of base32; 16 where 12 were taken. Any case is recognised. */
const WHOLE = /^SP_[A-Z]{2,10}_[A-Z2-7]{12}(?:[A-Z2-7]{4})?$/i;
const LEADING = /^SP_[A-Z]{2,10}_[A-Z2-7]{12}/i;
const SHORT = 12;
const LONG = 16;
const ANYWHERE = /sp_[a-z]{2,10}_[a-z2-7]{12,16}/gi;
const UNFINISHED = /s(?:p(?:_(?:[a-z]{0,10}|[a-z]{2,10}_[a-z2-7]{0,15}))?)?$/i;
/** The longest text that is no placeholder yet. */
const LONGEST_UNFINISHED = 'SP_'.length + 10 + 1 + 15;

/** What placeholders stand for: `valueOf` of Placeholders. */
export type Lookup = (placeholder: string) => string | undefined;

/** A placeholder in a text and what it stands for. */
export interface Standing {
  readonly start: number;
  readonly end: number;
  readonly value: string;
}

/** Whether the whole text has the shape of a placeholder. */
export function hasPlaceholderShape(text: string): boolean {
  return WHOLE.test(text);
}

/** Whether the text begins with a placeholder: what looks like a value there was made by masking. */
export function beginsWithPlaceholder(text: string): boolean {
  return LEADING.test(text);
}

/** The known placeholders in the text, in order. */
export function standingIn(text: string, lookup: Lookup): Standing[] {
  const out: Standing[] = [];
  ANYWHERE.lastIndex = 0;
  for (let match = ANYWHERE.exec(text); match; match = ANYWHERE.exec(text)) {
    const start = match.index;
    const full = match[0].length;
    const run = full - match[0].lastIndexOf('_') - 1;
    // What follows a placeholder may be letters: the shorter reading counts too.
    const lengths = run === LONG ? [full, full - LONG + SHORT] : [full - run + SHORT];
    ANYWHERE.lastIndex = start + 1;
    for (const length of lengths) {
      const value = lookup(text.slice(start, start + length).toUpperCase());
      if (value === undefined) continue;
      out.push({ start, end: start + length, value });
      ANYWHERE.lastIndex = start + length;
      break;
    }
  }
  return out;
}

/** A text with values for placeholders, as far as it is decided. */
export interface Restored {
  readonly text: string;
  /** The end of the text that waits for what follows. */
  readonly rest: string;
  readonly count: number;
}

/** Puts values in. `write` gives a value the form it has in this text; with `complete`, nothing follows and nothing waits. */
export function withValues(text: string, lookup: Lookup, complete: boolean, write: (value: string) => string): Restored {
  const found = standingIn(text, lookup);
  const until = complete ? text.length : unfinishedFrom(text, found.at(-1)?.end ?? 0);
  let out = '';
  let from = 0;
  for (const { start, end, value } of found) {
    out += text.slice(from, start) + write(value);
    from = end;
  }
  return { text: out + text.slice(from, until), rest: text.slice(until), count: found.length };
}

/** From where the text, looked at from `from` on, could be the beginning of a placeholder; its length if nowhere. */
export function unfinishedFrom(text: string, from: number): number {
  const near = Math.max(from, text.length - LONGEST_UNFINISHED);
  const match = UNFINISHED.exec(text.slice(near));
  return match ? near + match.index : text.length;
}

/** Whether a text in Latin-1 holds the beginning of a placeholder. */
export function hasOpening(text: string): boolean {
  return /sp_/i.test(text);
}

/** Whether JSON text could hold a placeholder, or a string that ends like the beginning of one. Cheap; says yes too often. */
export function mayConcernPlaceholders(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if ((bytes[i]! | 0x20) === 0x73 && isOmen(bytes, i)) return true;
  return false;
}

/** The same for the `s` or `S` at `at`: what follows it makes it one, or is not there yet. */
export function isOmen(bytes: Uint8Array, at: number): boolean {
  const next = bytes[at + 1];
  if (next === undefined || next === QUOTE) return true;
  if ((next | 0x20) !== 0x70) return false;
  const after = bytes[at + 2];
  return after === undefined || after === QUOTE || after === UNDERSCORE;
}

const QUOTE = 0x22;
const UNDERSCORE = 0x5f;
