// Hardware addresses: six pairs of hex digits with one kind of separator. All zeros and all ones are nobody's.
// It must not know vendors.
import { ALNUM, isIn } from '../masking/characters.ts';
import type { Detector, Found } from '../masking/detector.ts';

const SHAPE = /^[\da-f]{2}([:-])(?:[\da-f]{2}\1){4}[\da-f]{2}(?![\da-f:-])/i;
const NOBODY = /^(?:00.){5}00$|^(?:ff.){5}ff$/i;
const LENGTH = 17;
/** Where the first separator stands. */
const FIRST = 2;

/** Finds `0c:41:d8:5b:72:e9`. */
export const macAddress: Detector = {
  name: 'mac-address',
  kind: 'mac_address',
  word: 'MAC',
  anchors: [':', '-'],
  beside: { before: /[\da-f]/i, behind: /[\da-f]/i },
  glance: (bytes, at) => isIn(bytes[at - 2]!, ALNUM) && bytes[at + 3] === bytes[at] && bytes[at - 3] !== bytes[at],
  find: addressAt,
  examples: {
    yes: ['ether 0c:41:d8:5b:72:e9 txqueuelen', '"0D-B3-4A-6A-D9-CF"', 'mac=52:54:00:12:34:56'],
    no: [
      '00:00:00:00:00:00',
      'ff:ff:ff:ff:ff:ff',
      '10:2F:33-AC-29-C3',
      '12:30:45',
      '0c:41:d8:5b:72:e9:01',
      'a-b-c-d-e-f',
      '0a:23:f5:67:89:ag',
    ],
  },
};

function addressAt(text: string, at: number): Found | undefined {
  const start = at - FIRST;
  if (start < 0 || isIn(text.charCodeAt(start - 1), ALNUM) || text[start - 1] === text[at]) return undefined;
  const match = SHAPE.exec(text.slice(start, start + LENGTH + 1))?.[0];
  if (match === undefined || NOBODY.test(match) || isIn(text.charCodeAt(start + LENGTH), ALNUM)) return undefined;
  return { start, end: start + LENGTH, keepPrefix: 0 };
}
