// Takes the disguises off a text before it is judged: compatibility forms, characters without width, orders hidden in tag characters,
// look-alike letters in Latin words, letters set apart. It must not know what an attack says, and leaves plain ASCII as it is.

const LIMIT = 2_000_000;
const UNSEEN =
  /\u034f|[\u180b-\u180e]|[\ufe00-\ufe0f]|[\u17b4\u17b5]|[\u00ad\u061c\u115f\u1160\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]/g;
const TAGS = /[\u{e0000}-\u{e007f}]/gu;
const ALIKE = /[\u0370-\u03ff\u0400-\u04ff]/;
// Only a word of two scripts is a disguise; a text of one keeps its letters.
const MIXED = /[A-Za-z][\u0370-\u04ff]|[\u0370-\u04ff][A-Za-z]/;
const WORDS = /[A-Za-z\u0370-\u03ff\u0400-\u04ff]+/g;
const APART = /(?:[A-Za-z][ .\-_*]){5,400}[A-Za-z](?![A-Za-z])/g;
const LOOK_ALIKE: ReadonlyMap<string, string> = new Map(
  [
    ...'аaеeоoрpсcхxуyіiјjѕsԁdһhкkмmтtвbнhгrпnАAЕEОOРPСCХXУYІIЈJЅSКKМMТTВBНHαaεeοoρpνvιiκkτtυuχxηnΑAΕEΟOΡPΝNΙIΚKΤTΥYΧXΗHΒBΜMΖZ'.matchAll(
      /(.)(.)/gu,
    ),
  ].map(([, from, to]) => [from!, to!]),
);

const latin = (word: string): string =>
  /[A-Za-z]/.test(word) && ALIKE.test(word) ? Array.from(word, (c) => LOOK_ALIKE.get(c) ?? c).join('') : word;

const plainTag = (tag: string): string => {
  const code = tag.codePointAt(0)! - 0xe0000;
  return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : '';
};

const BEYOND_ASCII = /[\u0080-\uffff]+/g;
// With the character before them, which an accent joins.
const WITH_ACCENTS = /[\0-\x7f]?[\u0080-\uffff]+/g;
const ACCENT = /[\u0300-\u036f]/;
const undisguised = (part: string): string => part.replace(TAGS, plainTag).replace(UNSEEN, '').normalize('NFKC').replace(UNSEEN, '');

/** Whether a text is all ASCII; found out natively. */
export const isAscii = (text: string): boolean => Buffer.byteLength(text) === text.length;

/** The text without its disguises, at most two million characters of it; the same text when it is plain. */
export const normalise = (text: string): string => {
  const own = text.slice(0, LIMIT);
  if (isAscii(own)) return own;
  let isAlike = false;
  const plain = own.replace(ACCENT.test(own) ? WITH_ACCENTS : BEYOND_ASCII, (part) => {
    const shown = undisguised(part);
    isAlike ||= ALIKE.test(shown);
    return shown;
  });
  return isAlike && MIXED.test(plain) ? plain.replace(WORDS, latin) : plain;
};

const BEFORE = 40;
const AFTER = 800;

/** The words that letters set apart spell (`i g n o r e  a l l`) round the given places, or nothing; a wider gap ends a word. */
export const setApart = (text: string, places: readonly number[]): string =>
  places
    .flatMap((place) => text.slice(Math.max(0, place - BEFORE), place + AFTER).match(APART) ?? [])
    .map((run) => run.replace(/[ .\-_*]/g, ''))
    .join(' ');
