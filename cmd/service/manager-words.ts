// Words as service managers read them: the lines of a systemd unit, the text of a property list.
// Must not know what is said with them.
import { CommandFailure, EXIT } from '../failure.ts';

/** One word of ExecStart= behind the first: quoted, with specifiers and variables left alone (systemd.service(5), COMMAND LINES). */
export function systemdWord(text: string): string {
  return systemdQuoted(text).replaceAll('$', '$$$$');
}

/** The first word, the program: no variable is looked for there, and some characters are not allowed. Throws CommandFailure. */
export function systemdProgram(path: string): string {
  if (/['"\\]/.test(path)) throw unfit(path, 'systemd takes no program with a quote or a backslash in its path');
  return systemdQuoted(path);
}

/** A value in quotes, with specifiers left alone (systemd.syntax(7), QUOTING). Throws CommandFailure for what no unit should hold. */
export function systemdQuoted(text: string): string {
  refuseControls(text);
  return `"${text.replace(/[\\"]/g, '\\$&').replaceAll('%', '%%')}"`;
}

/** The text of an element. Throws CommandFailure for what XML cannot hold. */
export function xmlText(text: string): string {
  refuseControls(text);
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function refuseControls(text: string): void {
  if (/\p{Cc}|\p{Surrogate}|\ufffd/u.test(text))
    throw unfit(text, 'a line end, a control character or broken UTF-8 in a path does not go into a service');
}

function unfit(text: string, why: string): CommandFailure {
  return new CommandFailure(EXIT.failed, `${JSON.stringify(text)}: ${why}; move it to another place`);
}
