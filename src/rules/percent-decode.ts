// Undoes percent-encoding (RFC 3986 2.1) in the text of a head, whose characters stand for bytes.
// It must not refuse anything: a percent sign that begins no escape stands for itself.

/** `text` with its escapes undone, one character for one byte. */
export function percentDecoded(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
