// What makes a passphrase one that is guessed first. Not a measure of strength: it refuses what everybody tries.
// Must not keep or say what it looks at.

const MIN_CHARS = 12;
const MIN_DIFFERENT = 5;
const KNOWN =
  /^(?:changeme|changeit|secret|password|passwort|passwd|passphrase|pass|letmein|welcome|admin|default|sallyport|vault|master|test|key)+$/;
/** Neighbours on a keyboard, in the alphabet and among numbers. */
const RUNS = ['01234567890123456789', '98765432109876543210', 'abcdefghijklmnopqrstuvwxyz', 'qwertyuiopasdfghjklzxcvbnm'];

/** Why it is refused, as the end of a sentence; undefined: it is taken. */
export function weakness(passphrase: string): string | undefined {
  const text = passphrase.normalize('NFKC').toLowerCase();
  const isKnown = [text, text.replace(/[^a-z]/g, ''), text.replace(/[^a-z0-9]/g, '')].some((form) => KNOWN.test(form) || isRun(form));
  if (isKnown) return 'is one of those that everybody tries: choose several words that do not belong together';
  const chars = [...text];
  if (chars.length < MIN_CHARS) return `is too short: ${MIN_CHARS} characters at least, better several words`;
  if (new Set(chars).size < MIN_DIFFERENT) return 'repeats itself: choose several words that do not belong together';
  return undefined;
}

function isRun(text: string): boolean {
  return text.length > 3 && RUNS.some((run) => run.includes(text) || (run.length === text.length && text.startsWith(run)));
}
