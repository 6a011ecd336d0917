// A text as one word of a shell, for lines that people copy and type.
// Nothing here is ever given to a shell by ourselves.

/** As sh, bash, zsh and fish take it for one word and for nothing else. Control characters are spelt out, so that a line stays one line. */
export function shellWord(text: string): string {
  // A tilde, or in zsh an equals sign, means more in front.
  if (/^(?![~=])[\w@%+=:,./~-]+$/.test(text)) return text;
  if (!/\p{Cc}/u.test(text)) return `'${text.replaceAll("'", "'\\''")}'`;
  const spelt = text.replace(/[\\']/g, '\\$&').replace(/\p{Cc}/gu, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return `$'${spelt}'`;
}
