// Field lines as HTTP/1 heads and chunked trailers share them (RFC 9112 5, RFC 9110 5.5), read with no leniency at all: every
// spelling two parsers could read differently is a Fault. Must not know what any field means.
import { Fault, type FaultCode } from '../../fault.ts';

/** Most fields one head or trailer section may have. */
export const MAX_FIELDS = 500;

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// Anything but tab, CR, LF, printable ASCII and obs-text; or a CR and LF that are not a pair.
const FORBIDDEN = /[^\t\r\n -~\x80-\xff]|\r(?!\n)|(?<!\r)\n/;
// Gateways in the CGI tradition read an underscore as a dash, and others drop what they do not expect in a name.
const DISGUISED = /^[^a-z0-9]*(?:transfer[^a-z0-9]*encoding|content[^a-z0-9]*length)[^a-z0-9]*$/i;
const NOT_FIELD_TEXT = /[^\t -~\x80-\xff]/;

/** Whether `text` is an RFC 9110 token. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** Whether some server further on could take the field `name` for Transfer-Encoding or Content-Length. */
export function readsAsFraming(name: string): boolean {
  return DISGUISED.test(name);
}

/** Whether `text` may stand in a field value or start line: no control byte but tab, nothing outside latin1. */
export function isFieldText(text: string): boolean {
  return !NOT_FIELD_TEXT.test(text);
}

/** Throws Fault `code` when the latin1 `text` of a head or trailer section has a control byte, a bare CR or a bare LF. */
export function refuseControls(text: string, code: FaultCode): void {
  if (FORBIDDEN.test(text)) throw new Fault(code, 'control byte or bare line end in the head');
}

/**
 * The field lines of `text` (latin1, checked by `refuseControls`, every line ended by CRLF, then one empty line) from offset `from`:
 * flat pairs, names as received, values without surrounding spaces and tabs. Throws Fault `code` for folding, a missing colon, a name
 * that is no token (so also for space before the colon), or a section that does not end where `text` does; Fault `tooMany` for more than
 * MAX_FIELDS.
 */
export function parseFields(text: string, from: number, code: FaultCode, tooMany: FaultCode = code): string[] {
  const out: string[] = [];
  let at = from;
  for (;;) {
    const end = text.indexOf('\r\n', at);
    if (end < 0) throw new Fault(code, 'the head is not complete');
    if (end === at) {
      if (end + 2 !== text.length) throw new Fault(code, 'the head ends early');
      return out;
    }
    if (out.length >= 2 * MAX_FIELDS) throw new Fault(tooMany, 'too many fields');
    const colon = text.indexOf(':', at);
    if (colon < 0 || colon > end) throw new Fault(code, 'a field line without a colon');
    const name = text.slice(at, colon);
    if (!TOKEN.test(name)) throw new Fault(code, 'a field name that is no token');
    out.push(name, trimmed(text, colon + 1, end));
    at = end + 2;
  }
}

/** The elements of a comma-separated list in all `values`, lower-cased, trimmed of spaces and tabs only, empty ones left out. */
export function listElements(values: readonly string[]): string[] {
  const out: string[] = [];
  for (const value of values) {
    for (const element of value.split(',')) {
      const text = trimmed(element, 0, element.length);
      if (text !== '') out.push(text.toLowerCase());
    }
  }
  return out;
}

// Not String.trim, which also takes VT, FF and NBSP, and not a regular expression, which is quadratic on runs of spaces.
function trimmed(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
