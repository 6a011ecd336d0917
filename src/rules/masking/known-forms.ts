// Which known values are worth looking for, and the ways one is written: as it is, escaped in JSON, percent-encoded, in hex, in base64 at
// each of its three places. It must not know where values come from.
import { SHORTEST_PATTERN } from './aho-corasick.ts';
import { beginsWithPlaceholder } from './placeholder-shape.ts';
import { escapeLevels } from './unescape.ts';

/** Longer ones are files, not values. */
const LONGEST = 65_536;
/** `00000000`, `********`, `xxxxxxxxxxxx`. */
const FEWEST_CHARACTERS = 4;
/** What many have as a value and everybody has in prose or code. */
const COMMON = new Set(
  (
    'localhost password passw0rd password1 password123 changeme change-me change_me postgres postgresql username undefined disabled optional ' +
    'required development production database anonymous administrator internal external standard security verify-full 127.0.0.1 0.0.0.0:80 ' +
    'localhost:3000 localhost:5432 localhost:8080 http://localhost https://localhost http://localhost:3000 http://localhost:8080 example.com ' +
    'user@example.com your-api-key your_api_key your-api-key-here your_api_key_here placeholder sallyport-placeholder test-token testtest ' +
    'us-east-1 us-west-2 eu-west-1 eu-central-1 12345678 123456789 1234567890 qwertyuiop'
  ).split(' '),
);

/** Whether a value is one that can be looked for in everything without finding what is not it. */
export function isWorthKnowing(value: string): boolean {
  if (value.length < SHORTEST_PATTERN || value.length > LONGEST || COMMON.has(value.toLowerCase())) return false;
  return new Set(value).size >= FEWEST_CHARACTERS && !beginsWithPlaceholder(value);
}

/** Whether a value that has no secret's name is plainly none: a word, a switch, a path, a host, a URL that carries nothing. */
export function isOrdinary(value: string): boolean {
  return /^[A-Za-z]{1,15}$|^[~.]{0,2}\/[\w./-]*$|^(?:[a-z0-9-]+\.)+[a-z0-9-]+(?::\d+)?$|^[a-z]+:\/\/[\w.:-]+(?:\/[\w./-]*)?$/i.test(value);
}

/** Every form of the value, in Latin-1 bytes, each once. */
export function formsOf(value: string): readonly string[] {
  const text = value.toWellFormed();
  const bytes = Buffer.from(text);
  const url = encodeURIComponent(text);
  const forms = [0, 1, 2, 3, 4].map((levels) => escapeLevels(text, levels));
  forms.push(escapeLevels(text, 1).replaceAll('/', '\\/'));
  for (const beyond of [/[\u0080-\uffff]/g, /[\u0080-\uffff<>&'=+]/g]) {
    const escaped = escapeLevels(text, 1).replace(beyond, escapeUnit);
    forms.push(
      escaped,
      escaped.replace(/\\u[0-9a-f]{4}/g, (own) => `\\u${own.slice(2).toUpperCase()}`),
    );
  }
  forms.push(url, lowerPercent(url), url.replaceAll('%20', '+'), encodeURI(text));
  const hex = bytes.toString('hex');
  forms.push(hex, hex.toUpperCase());
  for (const shift of [0, 1, 2]) {
    const base64 = base64At(bytes, shift);
    forms.push(base64, base64.replaceAll('+', '-').replaceAll('/', '_'));
  }
  return [...new Set(forms.map((form) => Buffer.from(form).toString('latin1')))];
}

/** The characters that the bytes alone decide where `shift` bytes stand before them. */
function base64At(bytes: Buffer, shift: number): string {
  const whole = Buffer.concat([Buffer.alloc(shift), bytes])
    .toString('base64')
    .replaceAll('=', '');
  const from = shift === 0 ? 0 : shift + 1;
  return whole.slice(from, (bytes.length + shift) % 3 === 0 ? whole.length : whole.length - 1);
}

function escapeUnit(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function lowerPercent(url: string): string {
  return url.replace(/%../g, (own) => own.toLowerCase());
}
