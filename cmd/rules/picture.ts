// A text for a terminal with stretches of it marked: by colour, or by a line of marks below. What is long is shown round its marks only.
// Lets no control character through to the terminal. Must not know what the marks mean.

/** A stretch `[start, end)` in UTF-16 code units; `colour` is an SGR code, `label` stands at the head of its marks. In order, not overlapping. */
export interface Mark {
  readonly start: number;
  readonly end: number;
  readonly label: string;
  readonly colour: string;
}

/** How it is drawn. */
export interface PictureOptions {
  readonly colours: boolean;
  /** Columns. */
  readonly width: number;
}

/** A text of so many lines is shown whole. */
const WHOLE_LINES = 40;
/** Columns kept on each side of a mark in a line that is too long. */
const MARGIN = 28;
/** Columns of a mark from which on its middle is left out there. */
const LONG_MARK = 60;
const TAB = 9;
const RESET = '\u001B[0m';

/** The picture, a line of the terminal each. */
export function picture(text: string, marks: readonly Mark[], options: PictureOptions): string[] {
  const lines = linesIn(text, marks);
  const digits = String(lines.length).length;
  const room = Math.max(20, options.width - digits - 3);
  const isShown = (i: number) => lines.length <= WHOLE_LINES || [i - 1, i, i + 1].some((n) => (lines[n]?.marks.length ?? 0) > 0);
  const out: string[] = [];
  let skipped = false;
  for (const [i, line] of lines.entries()) {
    if (!isShown(i)) {
      if (!skipped) out.push(`${' '.repeat(digits)} ⋮`);
      skipped = true;
      continue;
    }
    skipped = false;
    let gutter = String(i + 1).padStart(digits);
    for (const row of wrapped(cellsOf(text, line, room), room)) {
      const below = options.colours ? '' : marksBelow(row);
      out.push(`${gutter} │ ${shown(row, options.colours)}`.trimEnd());
      gutter = ' '.repeat(digits);
      if (below !== '') out.push(`${gutter} │ ${below}`);
    }
  }
  return out;
}

/** A text in one line of at most `width` columns, safe to print. */
export function inOneLine(text: string, width: number): string {
  let used = 0;
  let out = '';
  for (const { text: own, width: columns } of cellsBetween(text, 0, Math.min(text.length, width * 2), [])) {
    if (used + columns >= width) return `${out}…`;
    used += columns;
    out += own;
  }
  return out;
}

interface Cell {
  readonly text: string;
  readonly width: number;
  readonly mark: Mark | undefined;
}

interface Line {
  readonly start: number;
  readonly end: number;
  readonly marks: readonly Mark[];
}

const GAP: Cell = { text: '…', width: 1, mark: undefined };

function linesIn(text: string, marks: readonly Mark[]): Line[] {
  const out: Line[] = [];
  let next = 0;
  const add = (start: number, end: number) => {
    const own: Mark[] = [];
    while (next < marks.length && marks[next]!.end <= start) next++;
    for (let i = next; i < marks.length && marks[i]!.start < end; i++) own.push(marks[i]!);
    out.push({ start, end, marks: own });
  };
  let start = 0;
  for (const match of text.matchAll(/\r?\n/g)) {
    add(start, match.index);
    start = match.index + match[0].length;
  }
  if (start < text.length || out.length === 0) add(start, text.length);
  return out;
}

/** The cells of a line, or of one that is too long those round its marks. */
function cellsOf(text: string, { start, end, marks }: Line, room: number): Cell[] {
  if (end - start <= room) return cellsBetween(text, start, end, marks);
  if (marks.length === 0) return [...cellsBetween(text, start, unsplit(text, start + room - 1), marks), GAP];
  const out: Cell[] = [];
  let at = start;
  const show = (from: number, to: number, nth: number) => {
    const first = Math.max(at, unsplit(text, Math.max(start, from)));
    const last = unsplit(text, Math.min(end, to));
    if (last <= first) return;
    if (first > at) out.push(GAP);
    out.push(...cellsBetween(text, first, last, marks, Math.max(0, nth - 1)));
    at = last;
  };
  for (const [nth, mark] of marks.entries()) {
    show(mark.start - MARGIN, Math.min(mark.start + LONG_MARK, mark.end), nth);
    show(mark.end - MARGIN, mark.end + MARGIN, nth);
  }
  return at < end ? [...out, GAP] : out;
}

/** The offset, or the one before it where it would part a pair of surrogates. */
function unsplit(text: string, at: number): number {
  return at > 0 && at < text.length && /[\uDC00-\uDFFF]/.test(text[at]!) && /[\uD800-\uDBFF]/.test(text[at - 1]!) ? at - 1 : at;
}

/** The marks before the one numbered `from` lie before `start`. */
function cellsBetween(text: string, start: number, end: number, marks: readonly Mark[], from = 0): Cell[] {
  const out: Cell[] = [];
  let next = from;
  for (let i = start; i < end; ) {
    const code = text.codePointAt(i)!;
    while (next < marks.length && marks[next]!.end <= i) next++;
    const mark = next < marks.length && marks[next]!.start <= i ? marks[next] : undefined;
    const own = printable(code);
    out.push({ text: own, width: own.length > 2 || code === TAB ? own.length : widthOf(code), mark });
    i += code > 0xffff ? 2 : 1;
  }
  return out;
}

/** Rows of at most `room` columns. */
function wrapped(cells: readonly Cell[], room: number): (readonly Cell[])[] {
  const out: Cell[][] = [];
  let row: Cell[] = [];
  let used = 0;
  for (const cell of cells) {
    if (used + cell.width > room) {
      out.push(row);
      row = [];
      used = 0;
    }
    row.push(cell);
    used += cell.width;
  }
  return [...out, row];
}

function shown(row: readonly Cell[], colours: boolean): string {
  let out = '';
  let last: Mark | undefined;
  for (const { text, mark } of row) {
    if (colours && mark !== last) out += `${last ? RESET : ''}${mark ? `\u001B[${mark.colour}m` : ''}`;
    last = mark;
    out += text;
  }
  return colours && last ? out + RESET : out;
}

/** `1^^^^` below each mark; empty where there is none. */
function marksBelow(row: readonly Cell[]): string {
  let below = '';
  let last: Mark | undefined;
  let left = '';
  for (const { width, mark } of row) {
    if (mark !== last) left = mark?.label ?? '';
    last = mark;
    const own = left.slice(0, width);
    left = left.slice(width);
    below += mark ? own.padEnd(width, '^') : ' '.repeat(width);
  }
  return below.trimEnd();
}

/** A character that a terminal would obey, hide or reorder by is named. */
function printable(code: number): string {
  if (code === TAB) return '  ';
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return '␡';
  const text = String.fromCodePoint(code);
  return /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(text) && code !== 0x200d
    ? `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`
    : text;
}

function widthOf(code: number): number {
  if (code < 0x300) return 1;
  if (code === 0x200d || /\p{M}/u.test(String.fromCodePoint(code))) return 0;
  return /[\p{Emoji_Presentation}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\uFF01-\uFF60]/u.test(
    String.fromCodePoint(code),
  )
    ? 2
    : 1;
}
