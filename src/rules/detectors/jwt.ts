// JSON Web Tokens: header, payload and signature in base64url, the header being JSON that names an algorithm or a type.
// It must not check signatures; encrypted tokens of five parts count too.
import { DOT, runEnd, URL_SAFE } from '../masking/characters.ts';
import type { Detector, Found } from '../masking/detector.ts';
import { beginsAt } from '../masking/token.ts';

/** Finds `eyJ….eyJ….…`. */
export const jwt: Detector = {
  name: 'jwt',
  kind: 'secrets',
  word: 'JWT',
  anchors: ['eyJ'],
  find: tokenAt,
  examples: {
    yes: [
      'Authorization: Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiI0NDQ1NTMzMSIsImlhdCI6MTcwMzE5MTUwOX0.MVYMkG_jnIZ06SzXox5nCXAP-_K7Nk4S06oFM.',
      '{"t":"eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.OKOawDo13gRp2ojaHV7LFpZcgV7T.48V1_ALb6US04U3b.5eym8TW_c8SuK0lt.XFBoMYUZodetZdvT"}',
    ],
    no: [
      'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9 alone',
      'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ4In0.short',
      'eyJtYXBwaW5ncyI6IkFBQUEifQ.eyJzb3VyY2VzIjpbXX0.c291cmNlc0NvbnRlbnRzb3VyY2Vz',
      'eyJ.eyJ.eyJ',
    ],
  },
};

const MIN_HEADER = 16;
const MIN_SIGNATURE = 16;
const MAX_PARTS = 5;

function tokenAt(text: string, at: number): Found | undefined {
  if (!beginsAt(text, at, URL_SAFE | DOT)) return undefined;
  const headerEnd = runEnd(text, at, URL_SAFE);
  if (headerEnd - at < MIN_HEADER || text[headerEnd] !== '.') return undefined;
  let end = headerEnd;
  let parts = 1;
  let lastLength = 0;
  while (parts < MAX_PARTS && text[end] === '.') {
    const partEnd = runEnd(text, end + 1, URL_SAFE);
    lastLength = partEnd - end - 1;
    if (lastLength === 0) break;
    end = partEnd;
    parts++;
  }
  if (parts < 3 || (lastLength > 0 && lastLength < MIN_SIGNATURE)) return undefined;
  const header = Buffer.from(text.slice(at, Math.min(headerEnd, at + 512)), 'base64url').toString('latin1');
  return /"(?:alg|typ|enc)"/.test(header) ? { start: at, end, keepPrefix: 0 } : undefined;
}
