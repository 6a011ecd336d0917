// Twilio's account and key ids: `AC` or `SK` and 32 hex digits. So short a prefix proves nothing, so the name must stand before it.
// It must not look further than a line or so.
import type { Detector, Found } from '../masking/detector.ts';

const NEAR = 120;

/** Finds `AC…` and `SK…` behind the word Twilio. */
export const twilio: Detector = {
  name: 'twilio',
  kind: 'secrets',
  word: 'KEY',
  anchors: ['twilio', 'Twilio', 'TWILIO'],
  reach: { before: 0, after: NEAR },
  find: idAfter,
  examples: {
    yes: ['TWILIO_ACCOUNT_SID=AC1b5d57e2d826bc29d349a9535e3d6d39', "const client = twilio('SK4d2f64e2a108cd72f648b1984c3b5a13', secret)"],
    no: ['AC1b5d57e2d826bc29d349a9535e3d6d39', 'twilio BAC1b5d57e2d826bc29d349a9535e3d6d39', 'twilio AC4d2f64', 'npm i twilio'],
  },
};

const ID = /(?<![A-Za-z0-9])(?:AC|SK)[0-9a-f]{32}(?![A-Za-z0-9])/;

function idAfter(text: string, at: number): Found | undefined {
  const match = ID.exec(text.slice(at, at + NEAR));
  return match ? { start: at + match.index, end: at + match.index + match[0].length, keepPrefix: 2 } : undefined;
}
