// Identity and tax numbers that are mostly letters: the Italian codice fiscale, whose check is strong, and the Indian PAN beside a word.
// They stand apart since a look at every few digits would cost the others too much.
import { ALNUM, isIn, LETTER } from '../masking/characters.ts';
import type { Detector } from '../masking/detector.ts';
import { WOVEN } from '../masking/national-ids.ts';
import { idIn } from './national-id.ts';

/** Finds the numbers of the table. */
export const nationalIdWoven: Detector = {
  name: 'national-id-woven',
  kind: 'national_id',
  word: 'ID',
  anchors: [],
  digits: 2,
  firstGroups: [2, 4],
  reach: { before: 96, after: 40 },
  digitGlance: (bytes, at, end) => {
    const letters = end - at === 2 ? 6 : 5;
    for (let i = at - letters; i < at; i++) if (!isIn(bytes[i]!, LETTER)) return false;
    return isIn(bytes[end]!, LETTER) && !isIn(bytes[at - letters - 1]!, ALNUM);
  },
  find: (text, at) => {
    const start = at - (isIn(text.charCodeAt(at + 2), LETTER) ? 6 : 5);
    return start < 0 || isIn(text.charCodeAt(start - 1), ALNUM) ? undefined : idIn(WOVEN, text, start);
  },
  examples: {
    yes: ['codice fiscale RSSMRA85T10A562S', 'PAN ABCPE1234F'],
    no: ['RSSMRA85T10A562T', 'ABCPE1234F', 'xRSSMRA85T10A562S', 'v12a and utf16le', 'PAN ABCPE12345', 'a12b'],
  },
};
