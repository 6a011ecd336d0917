// Where a secret could hide: the plain value and its usual encodings, for «the provider never got it in any form».

/** The forms searched for, by name. Base64 is taken at its three alignments without the characters that neighbours change. */
export function secretForms(secret: string): ReadonlyMap<string, string> {
  const bytes = Buffer.from(secret);
  const forms = new Map<string, string>([
    ['plain', secret],
    ['hex', bytes.toString('hex')],
    ['HEX', bytes.toString('hex').toUpperCase()],
    ['url', encodeURIComponent(secret)],
    ['reversed', [...secret].reverse().join('')],
    ['utf-16', [...secret].join('\0')],
    ['json escapes', [...secret].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')],
  ]);
  for (const shift of [0, 1, 2]) {
    const whole = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const from = shift === 0 ? 0 : shift + 1;
    const to = (bytes.length + shift) % 3 === 0 ? whole.length : whole.length - 1;
    forms.set(`base64+${shift}`, whole.slice(from, to));
    forms.set(`base64url+${shift}`, Buffer.from(whole, 'base64').toString('base64url').slice(from, to));
  }
  return forms;
}

/** Names of the forms of `secret` that occur in `haystack`. */
export function leaksOf(secret: string, haystack: string): string[] {
  return [...secretForms(secret)].filter(([, form]) => haystack.includes(form)).map(([name]) => name);
}
