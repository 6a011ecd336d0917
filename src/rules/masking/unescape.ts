// JSON's backslash escapes: undone for reading at whatever depth they are nested, and done or undone level by level for values.
// It must not know what is looked for in the text.

/** A text with its escapes undone. Character `i` of `text` comes from `origin[i]` up to `origin[i + 1]` of the text before. */
export interface View {
  readonly text: string;
  readonly origin: Uint32Array;
}

const BACKSLASH = 0x5c;
const PLAIN: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', '"': '"', '/': '/' };

/**
 * Undoes escapes of every depth at once: a run of backslashes and the letter behind it are one character, so that the letter of
 * `\\n` is never taken for the beginning of a word. Any other run of backslashes reads as one. Offsets are in UTF-16 code units.
 */
export function unescapeDeep(text: string): View {
  const origin = new Uint32Array(text.length + 1);
  const parts: string[] = [];
  let length = 0;
  let from = 0;
  for (;;) {
    const slash = text.indexOf('\\', from);
    const until = slash < 0 ? text.length : slash;
    for (let i = from; i < until; i++) origin[length++] = i;
    parts.push(text.slice(from, until));
    if (slash < 0) break;
    let letter = slash + 1;
    while (text.charCodeAt(letter) === BACKSLASH) letter++;
    origin[length++] = slash;
    const code = text[letter] === 'u' ? hexCode(text, letter + 1) : -1;
    const plain = PLAIN[text[letter] ?? ''];
    parts.push(code >= 0 ? String.fromCharCode(code) : (plain ?? '\\'));
    from = code >= 0 ? letter + 5 : plain !== undefined ? letter + 1 : letter;
  }
  origin[length] = text.length;
  return { text: parts.join(''), origin: origin.subarray(0, length + 1) };
}

/** The number that four hex digits at `from` spell; -1 if they are none. */
function hexCode(text: string, from: number): number {
  const digits = text.slice(from, from + 4);
  return /^[0-9a-fA-F]{4}$/.test(digits) ? Number.parseInt(digits, 16) : -1;
}

const ONE_ESCAPE = /\\(?:u([0-9a-fA-F]{4})|(["\\/bfnrt]))/g;

/** The contents of a JSON string with `levels` levels of escapes undone. What is no escape stays. */
export function unescapeLevels(text: string, levels: number): string {
  let out = text;
  for (let i = 0; i < levels && out.includes('\\'); i++) {
    out = out.replace(ONE_ESCAPE, (_all, hex: string | undefined, letter: string) =>
      hex === undefined ? (PLAIN[letter] ?? letter) : String.fromCharCode(Number.parseInt(hex, 16)),
    );
  }
  return out;
}

/** A value as the contents of a JSON string, escaped `levels` times. */
export function escapeLevels(value: string, levels: number): string {
  let out = value;
  for (let i = 0; i < levels; i++) out = JSON.stringify(out).slice(1, -1);
  return out;
}

/** Whether a text begins as a JSON object or list does. */
export function beginsDocument(text: string): boolean {
  return /^\s*[{[]/.test(text);
}

/** Members that hold JSON text in a string: what stands in it is escaped once more. */
const JSON_TEXT = new Set(['arguments', 'partial_json']);
/** Members that hold what the model answers. */
const ANSWER = new Set(['text', 'content', 'output_text']);

/**
 * How many levels of escapes stand between the bytes of a string in a body and the text that a tool or a person sees, given the
 * member that holds it and how it begins. `answersJson`: it is a reply, and JSON text was asked for.
 */
export function levelsOf(member: string | undefined, head: string, answersJson = false): number {
  if (member === undefined || !beginsDocument(head)) return 1;
  return JSON_TEXT.has(member) || (answersJson && ANSWER.has(member)) ? 2 : 1;
}
