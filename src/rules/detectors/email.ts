// E-mail addresses, also with `%40` for the @. Latin letters with accents belong to an address, other scripts end it.
// What only looks like one is let go: scp-style remotes, users in URLs, package versions, file names, calls on objects.
import { ALNUM, DASH, DIGIT, DOT, isIn, isLatin, LETTER, runEnd, WORD } from '../masking/characters.ts';
import type { Detector, Found } from '../masking/detector.ts';

/** Longer than RFC 5321 has it: reply addresses of services carry whole tokens. */
const MAX_LOCAL = 256;
const MAX_DOMAIN = 253;
const PERCENT = 0x25;
const PLUS = 0x2b;
const COLON = 0x3a;

/**
 * Users that name no person: those of version control servers, and senders that take no mail. Claude Code and Copilot carry one of
 * the latter as a co-author in every system prompt; masking it would edit every request there is.
 */
const NOBODY = new Set(['git', 'hg', 'svn', 'noreply', 'no-reply', 'donotreply', 'do-not-reply', '223556219+copilot']);

/** Endings of files, units and members that are no top-level domain. */
const NO_DOMAIN = new Set(
  (
    'png jpg jpeg gif svg webp avif ico bmp css scss sass less html htm js jsx mjs cjs ts tsx mts cts json jsonc yml yaml toml xml txt ' +
    'lock tgz tar gz bz exe dll class jar war rb go cs kt java swift php hpp cpp lua vue svelte map wasm pdf csv log conf cfg ini env ' +
    'service socket timer target mount slice scope path device swap next beta alpha canary latest rc dev0'
  ).split(' '),
);

/** Top-level domains that no method is called: `bob@example.com(work)` is an address, `x@weights.transpose()` is none. */
const NO_METHOD = new Set(['com', 'org', 'net', 'edu', 'gov', 'info', 'test', 'example']);

/** Finds `name@host.tld`. */
export const email: Detector = {
  name: 'email',
  kind: 'email',
  word: 'EMAIL',
  anchors: ['@', '%40'],
  beside: { before: /[\w.+\x80-\xff-]/, behind: /[A-Za-z\d\x80-\xff]/ },
  find: addressAt,
  examples: {
    yes: [
      'Contact andré.muñoz@exämple.de please',
      'mailto:bob+tag@mail.example.co.uk?subject=x',
      '联系bob@example.test或者',
      'to=bob%2Btag%40example.test&x=1',
      '<ana_garcia@163.com>',
      'bob@example.test:hunter2',
      'From bob@example.test: hello.',
      'mail bob@example.com(work)',
      'https://bob%40example.test:@imap.example.test/',
      'ana@preduzece.rs',
      "INSERT INTO c VALUES (1, 'x', 'rosa_lindqvist@k8s.example.com');",
    ],
    no: [
      'git clone git@github.com:acme/gadgets.git',
      'scp deploy@web1.example.com:/var/log/app.log .',
      'rsync deploy@web1.example.com:backup/db .',
      'ssh://git@github.com/acme/widgets',
      'https://bob@host.example/path',
      'ftp://us%er@host.example/path',
      'postgres://user:pa55word@db.example.com/x',
      'npm i @types/react@18.2.7 @angular/cli@16.1.0 lodash@4.17.21-beta.rc react@18.canary',
      'icon@2x.png and a@b and pkg@v1.2.3',
      'systemctl start getty@tty1.service',
      'y = x@weights.transpose()',
      '@Component @app.route',
      'Co-Authored-By: Claude <noreply@anthropic.com>',
      'Co-authored-by: Copilot <223556219+Copilot@users.noreply.github.com>',
      'actions/checkout@v4',
      '@bob@social.example',
      'user@1.2.3.4',
    ],
  },
};

function addressAt(text: string, at: number): Found | undefined {
  const start = localStart(text, at);
  if (start === at) return undefined;
  const from = text.charCodeAt(at) === PERCENT ? at + 3 : at + 1;
  const end = domainEnd(text, from);
  if (end === from || NOBODY.has(text.slice(start, at).toLowerCase()) || isRemote(text, end)) return undefined;
  return { start, end, keepPrefix: 0 };
}

/** Where the local part begins; `at` if there is none. */
function localStart(text: string, at: number): number {
  let i = at;
  for (; i > 0; i--) {
    const code = text.charCodeAt(i - 1);
    if (code === PERCENT) {
      const hex = text.slice(i, i + 2);
      if (!/^[0-9A-Fa-f]{2}$/.test(hex)) break;
      if (!isLocal(Number.parseInt(hex, 16))) {
        i += 2;
        break;
      }
    } else if (!isLocal(code)) break;
    if (at - i >= MAX_LOCAL) break;
  }
  if (text[i - 1] === '@' || (text[at] === '@' && isUrlUser(text, i))) return at;
  // Dot leaders, rules and markup before an address are no part of it, and two dots in a row are in none.
  i += text.slice(i, at).lastIndexOf('..') + 1;
  const edge = text.startsWith('__', i) ? ALNUM : WORD;
  while (i < at && !isIn(text.charCodeAt(i), edge) && !isLatin(text.charCodeAt(i))) i++;
  return i;
}

function isLocal(code: number): boolean {
  return isIn(code, WORD | DASH | DOT) || code === PLUS || isLatin(code);
}

/** Whether what begins at `start` belongs to the user information of a URL. */
function isUrlUser(text: string, start: number): boolean {
  let i = start;
  const limit = start - 2 * MAX_LOCAL;
  while (i > limit && isUserInfo(text.charCodeAt(i - 1))) i--;
  return text.startsWith('://', i - 3);
}

function isUserInfo(code: number): boolean {
  return isLocal(code) || code === PERCENT || code === COLON;
}

/** Where the domain that begins at `from` ends; `from` if it is none. */
function domainEnd(text: string, from: number): number {
  let last = from;
  let labels = 0;
  let end = from;
  for (;;) {
    const labelEnd = labelEndAt(text, last);
    if (labelEnd === last || labelEnd - from > MAX_DOMAIN) break;
    labels++;
    end = labelEnd;
    if (text[labelEnd] !== '.' || labelEndAt(text, labelEnd + 1) === labelEnd + 1) break;
    last = labelEnd + 1;
  }
  if (labels < 2 || isVersion(text.slice(from, end), labels)) return from;
  if (text.startsWith('xn--', last)) return end;
  // `x.com-2024`: what follows the top-level domain is not part of it.
  let top = last;
  while (isIn(text.charCodeAt(top), LETTER) || isLatin(text.charCodeAt(top))) top++;
  if (top - last < 2 || isIn(text.charCodeAt(top), DIGIT)) return from;
  const name = text.slice(last, top).toLowerCase();
  return NO_DOMAIN.has(name) || (text[top] === '(' && !NO_METHOD.has(name)) ? from : top;
}

/** The end of the label that begins at `from`; `from` if none does. */
function labelEndAt(text: string, from: number): number {
  if (text[from] === '-') return from;
  let i = from;
  while (isIn(text.charCodeAt(i), ALNUM | DASH) || isLatin(text.charCodeAt(i))) i++;
  return i;
}

/**
 * `4.17.21-beta.rc`, `v2.x`: what follows the @ of a package. Addresses such as `x@163.com` have a long number, and in `x@3.example.com`
 * a name follows the number.
 */
function isVersion(domain: string, labels: number): boolean {
  if (!/^v?\d+\./.test(domain)) return false;
  return labels > 2 ? !/^\d+\.[a-z][a-z\d-]+\./i.test(domain) : !/^\d{2,}\.(?:com|cn|net|org)$|^\d{3,}\./i.test(domain);
}

/** `user@host:path`, as scp, rsync and git write it: a slash, or a path with one, behind the colon. */
function isRemote(text: string, end: number): boolean {
  if (text[end] !== ':') return false;
  const next = text[end + 1];
  if (next === '/' || next === '~' || next === '.') return true;
  return text[runEnd(text.slice(0, end + MAX_DOMAIN), end + 1, WORD | DASH | DOT)] === '/';
}
