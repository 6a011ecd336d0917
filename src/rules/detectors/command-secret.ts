// Passwords that commands and statements take without naming them so: `curl -u user:PASSWORD`, `sshpass -p PASSWORD`, `mysql -pPASSWORD`,
// `IDENTIFIED BY 'PASSWORD'`. It must not know shells.
import type { Detector, Found } from '../masking/detector.ts';
import { isNoSecret } from '../masking/secret-value.ts';

/** A command's word, and what comes between it and the password. */
const FORMS: readonly { readonly anchor: string; readonly lead: RegExp; readonly before?: RegExp }[] = [
  { anchor: ' -u ', lead: /^ -u[ ]["']?[\w.@+-]{1,64}:/, before: /curl|wget|http/i },
  { anchor: '--user ', lead: /^--user[ ]["']?[\w.@+-]{1,64}:/, before: /curl|wget|http/i },
  { anchor: 'sshpass', lead: /^sshpass -p ?["']?/ },
  { anchor: 'identified by', lead: /^identified by (?:password )?["'\\]{0,2}/i, before: /\b(?:user|account|role|alter|grant)\b/i },
  { anchor: 'encrypted password', lead: /^encrypted password ["'\\]{1,2}/i },
  { anchor: 'with password', lead: /^with password ["'\\]{1,2}/i },
];
const VALUE = /^[^\s"'`;)\\]{4,128}/;
const AHEAD = 224;
const BEFORE = 160;

/** Finds what stands where the password does. */
export const commandSecret: Detector = {
  name: 'command-secret',
  kind: 'secrets',
  word: 'SECRET',
  anchors: FORMS.map(({ anchor }) => anchor),
  anyCase: true,
  reach: { before: BEFORE, after: AHEAD },
  find: passwordAfter,
  examples: {
    yes: [
      'curl -u admin:walrus4-Qm7!pT https://ci.example.test',
      "sshpass -p 'Vl1#yw68lrZ' ssh root@host",
      "CREATE USER a IDENTIFIED BY 'DbAdm7nW0rD';",
      "ALTER ROLE a WITH ENCRYPTED PASSWORD 'DbAdm7nW0rD' LOGIN",
    ],
    no: [
      'the file identified by pFileName2',
      'curl -u $USER:$PASS https://x.test',
      'sort -u a:b2c3d4',
      'sshpass -p $PASSWORD ssh x',
      'IDENTIFIED BY PASSWORD',
      'docker run -u 1000:1000 x',
    ],
  },
};

function passwordAfter(text: string, at: number): Found | undefined {
  const ahead = text.slice(at, at + AHEAD);
  for (const { lead, before } of FORMS) {
    const match = lead.exec(ahead);
    if (!match || before?.test(text.slice(Math.max(0, at - BEFORE), at)) === false) continue;
    const own = VALUE.exec(ahead.slice(match[0].length))?.[0];
    if (own === undefined || isNoSecret(own) || /^\d+$/.test(own)) return undefined;
    const start = at + match[0].length;
    return { start, end: start + own.length, keepPrefix: 0 };
  }
  return undefined;
}
