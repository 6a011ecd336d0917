// Secrets in the environment or the configuration that lie there encoded (base64, hex, percent): no detector knows them by their shape when
// a client sends them so. Must not show one, nor the text it lies in.
import { readFileSync } from 'node:fs';
import { findSecrets } from '../../src/rules/masking/scan.ts';
import { type Finding, found } from './finding.ts';

/** Longer ones are programs and pictures. */
const MAX_CHARS = 65_536;
const FIX =
  'keep it in the vault (sallyport vault set), or name its file in known_values: what is known by its value is masked in this form too';

/** One finding; names of variables and lines of the file, never what they hold. */
export function checkEncoded(environment: Readonly<Record<string, string | undefined>>, file: string | undefined): Finding {
  const places = [
    ...Object.entries(environment).map(([name, value]) => ({ where: name, text: value ?? '' })),
    ...linesOf(file).map((text, i) => ({ where: `${file}:${i + 1}`, text })),
  ];
  const seen = places.flatMap(({ where, text }) => {
    const what = encodedIn(text);
    return what === undefined ? [] : [`${where} (${what})`];
  });
  if (seen.length === 0) return found.ok('encoded secrets', 'none in the environment and the configuration');
  return found.warn('encoded secrets', seen.join(', '), FIX);
}

function encodedIn(text: string): string | undefined {
  if (text.length > MAX_CHARS) return undefined;
  for (const { form, decode, pattern } of FORMS) {
    for (const [word] of text.matchAll(pattern)) {
      // What a detector sees as it stands needs no second look: a JWT is base64 all through.
      if (findSecrets(word, ['secrets']).length > 0) continue;
      const plain = decode(word);
      const [first] = plain === undefined ? [] : findSecrets(plain, ['secrets']);
      if (first) return `${first.detector.name} in ${form}`;
    }
  }
  return undefined;
}

const FORMS: readonly { readonly form: string; readonly pattern: RegExp; readonly decode: (word: string) => string | undefined }[] = [
  { form: 'hex', pattern: /(?<![\da-z])(?:[\da-f]{2}){12,}(?![\da-z])/gi, decode: (word) => printable(Buffer.from(word, 'hex')) },
  { form: 'base64', pattern: /[\w+/-]{16,}={0,2}/g, decode: (word) => printable(Buffer.from(word, 'base64')) },
  { form: 'percent-encoding', pattern: /[\w.~-]*(?:%[\da-f]{2}[\w.~-]*)+/gi, decode: percentDecoded },
];

function printable(bytes: Buffer): string | undefined {
  const text = bytes.toString('utf8');
  return /^[\t\n\r\x20-\x7e\u00a0-\ud7ff]+$/.test(text) ? text : undefined;
}

function percentDecoded(word: string): string | undefined {
  try {
    return decodeURIComponent(word);
  } catch {
    return undefined;
  }
}

function linesOf(file: string | undefined): readonly string[] {
  try {
    return file === undefined ? [] : readFileSync(file, 'utf8').split('\n');
  } catch {
    return [];
  }
}
